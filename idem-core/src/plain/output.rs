//! What a plain idempotent function may return.
//!
//! [`output`] is the only place that asks for the bound, and hands out function pointers, so that an output that does
//! not fit is reported once, at the return type.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{self, Arm};
use crate::refused::{Refused, Unavailable};
use crate::reply::Reply;

/// What an idempotent function returns: `Result<T, E>` with a `T` that serde can store and `E: From<Refused>`.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent(with = …)]` cannot store and replay `{Self}`",
    label = "not `Result<T, E>` with a `T` that serde can store and an `E: From<idem_core::Refused>`",
    note = "a caller must be able to hear that the operation is in progress or its store away: return \
            `Result<_, idem_core::Refused>`, or give your error `impl From<idem_core::Refused>`",
    note = "the value needs `#[derive(serde::Serialize, serde::Deserialize)]`"
)]
pub trait Output: Sized {
    #[doc(hidden)]
    fn refused(refused: Refused) -> Self;
    #[doc(hidden)]
    fn is_value(&self) -> bool;
    #[doc(hidden)]
    fn write_value(&self) -> Result<Reply, Unavailable>;
    #[doc(hidden)]
    fn read_value(json: &[u8]) -> Result<Self, Unavailable>;
}

impl<T: Serialize + DeserializeOwned, E: From<Refused>> Output for Result<T, E> {
    fn refused(refused: Refused) -> Self {
        Err(refused.into())
    }

    fn is_value(&self) -> bool {
        self.is_ok()
    }

    fn write_value(&self) -> Result<Reply, Unavailable> {
        let value = self.as_ref().map_err(|_| Unavailable::NotSerialisable)?;
        value::encode(Arm::Ok, value).map_err(|_| Unavailable::NotSerialisable)
    }

    fn read_value(json: &[u8]) -> Result<Self, Unavailable> {
        value::decode(json).map(Ok)
    }
}

/// An output type whose errors have not been looked at yet.
pub struct OutputOf<R>(PhantomData<fn() -> R>);

/// Asks for [`Output`].
#[must_use]
pub const fn output<R: Output>() -> OutputOf<R> {
    OutputOf(PhantomData)
}

impl<R> fmt::Debug for OutputOf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutputOf")
    }
}

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
