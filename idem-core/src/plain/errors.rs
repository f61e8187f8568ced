//! How a function's errors are treated: found out from their type, without the user naming it.
//!
//! The macro calls `(&output::<R>()).errors()`. Method look-up finds [`ClassifiedErrors`] where the error type
//! implements [`Classify`], and one reference further [`UnclassifiedErrors`] for every other.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::output::{Output, OutputOf};
use super::value::{self, Arm, Value};
use crate::outcome::{Classify, ErrorClass};
use crate::refused::{Refused, Unavailable};
use crate::reply::Reply;

/// How an output is refused, stored and read back.
pub struct Errors<R> {
    pub(crate) refused: fn(Refused) -> R,
    pub(crate) is_value: fn(&R) -> bool,
    write_value: fn(&R) -> Result<Reply, Unavailable>,
    read_value: fn(Value<'_>) -> Result<R, Unavailable>,
    pub(crate) class: fn(&R) -> ErrorClass,
    write_error: fn(&R) -> Result<Reply, Unavailable>,
    read_error: fn(Value<'_>) -> Result<R, Unavailable>,
}

impl<R> Clone for Errors<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Errors<R> {}

impl<R> fmt::Debug for Errors<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errors")
    }
}

impl<R> Errors<R> {
    /// Tells a value, which commits what was done for it.
    #[must_use]
    pub fn successes(&self) -> fn(&R) -> bool {
        self.is_value
    }

    /// What is kept of a value.
    pub(crate) fn value(&self, result: &R, limit: usize) -> Reply {
        value::kept(|| (self.write_value)(result), limit)
    }

    /// What is kept of an error that is stored.
    pub(crate) fn error(&self, result: &R, limit: usize) -> Reply {
        value::kept(|| (self.write_error)(result), limit)
    }

    /// The stored result.
    pub(crate) fn replay(&self, reply: &Reply) -> R {
        let read = value::open(reply).and_then(|(arm, value)| match arm {
            Arm::Ok => (self.read_value)(value),
            Arm::Err => (self.read_error)(value),
        });
        read.unwrap_or_else(|why| (self.refused)(Refused::ResultUnavailable(why)))
    }
}

impl<R: Output> Errors<R> {
    /// Errors that are released or unknown, never stored.
    pub(super) fn unclassified() -> Self {
        Self {
            refused: R::refused,
            is_value: R::is_value,
            write_value: R::write_value,
            read_value: R::read_value,
            class: |_| ErrorClass::Default,
            write_error: |_| Err(Unavailable::NotSerialisable),
            read_error: |_| Err(Unavailable::Unreadable),
        }
    }
}

/// Found first: the error says itself what it means.
pub trait ClassifiedErrors<R> {
    #[doc(hidden)]
    fn errors(&self) -> Errors<R>;
}

impl<T, E: Classify> ClassifiedErrors<Result<T, E>> for OutputOf<Result<T, E>> {
    fn errors(&self) -> Errors<Result<T, E>> {
        let class =
            |result: &Result<T, E>| result.as_ref().err().map_or(ErrorClass::Default, Classify::class);
        Errors { class, write_error: write::<T, E>, read_error: read::<T, E>, ..self.0 }
    }
}

/// Found for every other error.
pub trait UnclassifiedErrors<R> {
    #[doc(hidden)]
    fn errors(&self) -> Errors<R>;
}

impl<R> UnclassifiedErrors<R> for &OutputOf<R> {
    fn errors(&self) -> Errors<R> {
        self.0
    }
}

/// A result whose error can be stored.
#[diagnostic::on_unimplemented(
    message = "`on_error = store` cannot store the error of `{Self}`",
    label = "serde cannot store this error",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the error, or leave `on_error` out"
)]
pub trait StoredError: Sized {
    #[doc(hidden)]
    fn write(&self) -> Result<Reply, Unavailable>;
    #[doc(hidden)]
    fn read(value: Value<'_>) -> Result<Self, Unavailable>;
}

#[diagnostic::do_not_recommend]
impl<T, E: Serialize + DeserializeOwned> StoredError for Result<T, E> {
    fn write(&self) -> Result<Reply, Unavailable> {
        write(self)
    }

    fn read(value: Value<'_>) -> Result<Self, Unavailable> {
        read(value)
    }
}

impl<R> OutputOf<R> {
    /// For `on_error = store`.
    #[must_use]
    pub fn stored_errors(&self) -> Errors<R>
    where
        R: StoredError,
    {
        Errors { write_error: R::write, read_error: R::read, ..self.0 }
    }
}

fn write<T, E: Serialize + DeserializeOwned>(result: &Result<T, E>) -> Result<Reply, Unavailable> {
    let Err(error) = result else { return Err(Unavailable::NotSerialisable) };
    value::encode(Arm::Err, error)
}

fn read<T, E: DeserializeOwned>(value: Value<'_>) -> Result<Result<T, E>, Unavailable> {
    value::decode(value).map(Err)
}
