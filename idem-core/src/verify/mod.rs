//! Verify hooks: code of yours that finds out what became of an unknown operation.
//!
//! A handler that dies between a foreign effect and the record of it leaves an unknown outcome, and its callers get
//! 409 `outcome-unknown`. Often a service can be asked: the bank, for a charge by your reference. A hook does that.
//!
//! ```
//! use idem_core::verify::{Unsettled, Verification};
//! use idem_core::{Idem, Scope, store::memory::MemoryStore};
//!
//! # struct Bank;
//! # struct Charge(u32);
//! # impl Bank { async fn find(&self, _: &str) -> Result<Option<Charge>, std::io::Error> { Ok(None) } }
//! # let bank = std::sync::Arc::new(Bank);
//! let idem = Idem::builder(MemoryStore::new())
//!     .scope(Scope::header("x-account"))
//!     .verify("POST /payments", move |unsettled: Unsettled| {
//!         let bank = bank.clone();
//!         async move {
//!             // The key that the handler's call had: `current().derive("charge")`, or idem-client's `.name("charge")`.
//!             let key = unsettled.derive("charge")?;
//!             Ok(match bank.find(key.as_str()).await? {
//!                 Some(Charge(number)) => {
//!                     let answer = http::Response::builder().status(201).body(format!("charge {number}"))?;
//!                     Verification::Happened(idem_core::response::reply(&answer))
//!                 }
//!                 None => Verification::DidNotHappen,
//!             })
//!         }
//!     })
//!     .build();
//! # drop(idem);
//! ```
//!
//! A plain function's reply is made by [`plain::reply`](crate::plain::reply). A hook with state of its own implements
//! [`Verify`].
//!
//! # When it is asked
//! - By the next attempt: a call that finds the record unknown asks the hook, settles the record by what it says, and
//!   goes on as that allows. It runs, or gets the answer; its followers in this process wait with it. (The call of a `#[tx]`
//!   handler does not ask: it is told `outcome-unknown`, and the hook is asked after a sweep.)
//! - By this process itself, after each sweep ([`sweep_interval`](crate::IdemBuilder::sweep_interval)), for all unknown records
//!   whose operation has a hook, four at a time, on the runtime that calls come from.
//!
//! Never two at once for one record in a process, and never for a record whose handler still runs here. Not before the
//! record has been unknown for [`verify_after`](crate::IdemBuilder::verify_after), one lease by default, as far as this
//! process has seen: an owner that was only slow gets time to say what it did. A hook that [cannot
//! tell](Verification::CannotTell), fails, panics, or takes longer than
//! [`verify_timeout`](crate::IdemBuilder::verify_timeout) is not asked about that record again before
//! [`verify_pause`](crate::IdemBuilder::verify_pause), which doubles each time; callers get `outcome-unknown`.
//!
//! # What it must hold
//! [`Verification::DidNotHappen`] lets the operation run again. It must mean "and will not happen any more": a request
//! that is still on its way to the bank, or an owner that wakes up after an hour, comes on top of the next run. Give the
//! bank a key of its own that a further run repeats, or cancel by your reference before you say so. If in doubt, say
//! [`Verification::CannotTell`] and leave it to an [operator](crate::operator).
//!
//! **Guarantee:** a hook's verdict is about the record as it was seen. If its owner completed it meanwhile, or an
//! operator or the hook of another process was faster, the verdict is dropped and the first word counts. The verdict and
//! its audit line (`2026-11-24T15:04:05Z verified: did not happen`) are one write. Unknown never runs without a verdict.

mod hooks;

use std::error::Error;
use std::future::Future;

pub(crate) use hooks::{Hook, Hooks};

use crate::address::Address;
use crate::clock::Timestamp;
use crate::current::derive;
use crate::key::{IdempotencyKey, InvalidName, OperationName, OperationParts};
use crate::label::{KeyHint, Label};
use crate::protocol::{Fence, Record};
use crate::reply::Reply;

/// Why a hook could not even ask. Logged, and treated as [`Verification::CannotTell`].
pub type VerifyError = Box<dyn Error + Send + Sync>;

/// Finds out what became of an operation; see the [module](self). Every `Fn(Unsettled)` that returns the future of a
/// [`Result<Verification, VerifyError>`] is one.
///
/// ```
/// use idem_core::verify::{Unsettled, Verification, Verify, VerifyError};
///
/// struct Ledger;
///
/// impl Verify for Ledger {
///     async fn verify(&self, unsettled: Unsettled) -> Result<Verification, VerifyError> {
///         println!("{:?}, attempt {}", unsettled.label(), unsettled.attempts());
///         Ok(Verification::CannotTell)
///     }
/// }
/// # let _ = Ledger;
/// ```
///
/// # Cancel safety
/// The future is dropped when its caller hangs up or the time is over, so it must only look.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a verify hook",
    note = "a hook is `move |unsettled: Unsettled| async move {{ Ok(Verification::CannotTell) }}`, or implements `Verify`"
)]
pub trait Verify: Send + Sync + 'static {
    /// Asks the service that knows.
    fn verify(&self, unsettled: Unsettled) -> impl Future<Output = Result<Verification, VerifyError>> + Send;
}

impl<F, A> Verify for F
where
    F: Fn(Unsettled) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Verification, VerifyError>> + Send,
{
    fn verify(&self, unsettled: Unsettled) -> impl Future<Output = Result<Verification, VerifyError>> + Send {
        self(unsettled)
    }
}

/// What a hook found out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verification {
    /// The operation happened: this is its answer, from [`response::reply`](crate::response::reply) or
    /// [`plain::reply`](crate::plain::reply).
    Happened(Reply),
    /// The operation did not happen, and will not any more: the same request may run.
    DidNotHappen,
    /// Ask again later.
    CannotTell,
}

/// An unknown operation.
#[derive(Debug, Clone)]
pub struct Unsettled {
    address: Address,
    label: Label,
    key_hint: KeyHint,
    attempts: u32,
    created: Timestamp,
    fence: Fence,
}

impl Unsettled {
    pub(crate) fn of(address: Address, record: &Record) -> Self {
        Self {
            address,
            label: record.label.clone(),
            key_hint: record.key_hint,
            attempts: record.attempts,
            created: record.created,
            fence: record.owner.fence,
        }
    }

    /// Where its record lives: the same for every attempt of one operation, so it can be the reference that you give to
    /// others.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The idempotency key that the handler's call `name` had: what [`Current::derive`](crate::current::Current::derive)
    /// gave it, and what `idem-client` sent. Ask the other service by it.
    ///
    /// # Errors
    /// The name has no parts, or one of them is `None`.
    pub fn derive(&self, name: impl OperationName) -> Result<IdempotencyKey, InvalidName> {
        Ok(derive(self.address, &OperationParts::of(&name)?))
    }

    /// The operation: its `name`, or method and path.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.label.operation()
    }

    /// The operation with a hint of the scope.
    #[must_use]
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// The first characters of the key.
    #[must_use]
    pub const fn key_hint(&self) -> KeyHint {
        self.key_hint
    }

    /// How often it was started.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// When the key was first claimed, on the store's clock.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// The fence of the attempt whose outcome is unknown.
    #[must_use]
    pub const fn fence(&self) -> Fence {
        self.fence
    }
}
