//! Idempotent plain functions: consumers, jobs, methods.
//!
//! ```
//! use idem_core::{Idem, Refused, Scope, idempotent, store::memory::MemoryStore};
//!
//! #[idempotent(with = idem, key = order, name = "settle")]
//! async fn settle(idem: &Idem, order: u64) -> Result<u32, Refused> {
//!     Ok(42) // charge, write, send: runs once per order
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
//! assert_eq!(settle(&idem, 17).await, Ok(42));
//! assert_eq!(settle(&idem, 17).await, Ok(42)); // a replay: the body did not run
//! # });
//! ```
//!
//! The function returns `Result<T, E>`. `T` is stored by serde, so it must be `Serialize + DeserializeOwned`; `()`, `0`
//! and `None` are values like any other. It is JSON where JSON tells all of it, and else in a form that also knows
//! `Some(None)` from `None`, every float to the bit, and maps with any keys. A result that its own type does not read back
//! as it was written, or that is longer than [`max_response_bytes`](crate::IdemBuilder::max_response_bytes), reaches its
//! caller and is not kept: a repetition gets `result-unavailable`, and the log says why. Fields that a type does not
//! serialise do not come back. `E: From<Refused>`, because a caller must hear that an operation is in
//! progress or that the store is away. An `Err` frees the key unless `on_error` or [`Classify`](crate::Classify) says
//! otherwise.
//!
//! The key says what is asked for: the other arguments count only if `fingerprint = …` names them. Every function has a
//! [name of its own](macro@crate::idempotent#what-a-name-must-be).
//!
//! The body runs inside the caller's future and may borrow. Dropped in the middle, its outcome is unknown at once (or
//! the key is freed under `after_crash = rerun`); with `detach` it runs in a task of its own and goes on.

mod errors;
mod exact;
mod form;
mod op;
mod output;
mod run;
#[cfg(test)]
mod tests;
mod value;

pub use output::Output;
pub use value::reply;

#[doc(hidden)]
pub use errors::{
    ClassifiedErrors, Errors, GenericErrors, MarkedErrors, NoErrors, OutputOf, StorableError, StoredError,
    UnclassifiedErrors, output,
};
#[cfg(feature = "_tx")]
pub(crate) use form::PlainForm;
#[cfg(feature = "_tx")]
pub(crate) use op::LeadsToIdem;
#[doc(hidden)]
pub use op::{AsIdem, EngineRef, PlainOperation, operation, spawn};
#[doc(hidden)]
pub use output::{Detachable, Refusable, Stored, assert_detachable};
#[doc(hidden)]
pub use run::{Call, Run, RunIf};
#[doc(hidden)]
pub use value::Value;
