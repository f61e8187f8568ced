//! What a plain idempotent function may return.
//!
//! [`output`](super::output) is the only place that asks for the bound, and hands out function pointers, so that an output
//! that does not fit is reported once, at the return type.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{self, Arm, Value};
use crate::outcome::{ErrorClass, mark_of};
use crate::refused::{Refused, UnavailableResult};
use crate::reply::Reply;

/// What an idempotent function returns: `Result<T, E>` with a `T` that serde can store and `E: From<Refused>`.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent(with = …)]` cannot store and replay `{Self}`",
    label = "not a `Result<T, E>`",
    note = "return `Result<T, E>`, for example with `idem_core::Refused` as `E`: a caller must be able to hear that the \
            operation is in progress or its store away"
)]
pub trait Output: Sized + Sealed {
    #[doc(hidden)]
    fn refused(refused: Refused) -> Self;
    #[doc(hidden)]
    fn is_value(&self) -> bool;
    /// What a mark says that was not seen by its type.
    #[doc(hidden)]
    fn mark(&self) -> ErrorClass;
    #[doc(hidden)]
    fn write_value(&self) -> Result<Reply, UnavailableResult>;
    #[doc(hidden)]
    fn read_value(value: Value<'_>) -> Result<Self, UnavailableResult>;
}

/// Sealed: what is no `Result` has no place for a refusal.
#[allow(unnameable_types, reason = "that is how a trait is sealed")]
pub trait Sealed {}

impl<T, E> Sealed for Result<T, E> {}

impl<T: Stored, E: Refusable> Output for Result<T, E> {
    fn refused(refused: Refused) -> Self {
        Err(refused.into())
    }

    fn is_value(&self) -> bool {
        self.is_ok()
    }

    fn mark(&self) -> ErrorClass {
        if self.is_err() { mark_of::<E>() } else { ErrorClass::Default }
    }

    fn write_value(&self) -> Result<Reply, UnavailableResult> {
        let value = self.as_ref().map_err(|_| UnavailableResult::NotSerialisable)?;
        value::encode(Arm::Ok, value)
    }

    fn read_value(value: Value<'_>) -> Result<Self, UnavailableResult> {
        value::decode(value).map(Ok)
    }
}

/// A value that serde can write and read.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent(with = …)]` cannot store and replay `{Self}`",
    label = "serde cannot write and read `{Self}`",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` above it, or return what can be stored"
)]
pub trait Stored: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Stored for T {}

/// An error that a refusal can become.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot tell the caller that the operation was refused",
    label = "`{Self}` lacks `From<idem_core::Refused>`",
    note = "write `impl From<idem_core::Refused> for {Self}`, or return `Result<_, idem_core::Refused>`: a caller must be \
            able to hear that the operation is in progress or its store away; of a type of another crate, return one of \
            your own that it becomes"
)]
pub trait Refusable: From<Refused> {}

#[diagnostic::do_not_recommend]
impl<E: From<Refused>> Refusable for E {}

/// What may move into a task of its own.
#[diagnostic::on_unimplemented(
    message = "`detach` runs the body in a task of its own, and `{Self}` cannot move there",
    label = "not `Send`",
    note = "take a value that is `Send + 'static`, or remove `detach`"
)]
pub trait Detachable {}

impl<T: Send + 'static> Detachable for T {}

/// Asks for [`Detachable`].
pub const fn assert_detachable<T: Detachable + 'static>(_: &T) {}
