//! How a function's errors are treated: found out from their type, without the user naming it.
//!
//! The macro calls `(&&&output::<R>()).idem_errors()`, or `idem_stored_errors` for `on_error = store`. Method look-up finds
//! the first of these traits that fits the error type: [`MarkedErrors`], [`ClassifiedErrors`], [`UnclassifiedErrors`]. Only
//! the last leaves anything to `on_error`. In a generic function, look-up knows no more of a type parameter than its
//! bounds say; so the last asks for what no parameter has by itself ([`KnownError`]).

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::output::Output;
use super::value::{self, Arm, Value};
use crate::outcome::{Classify, ErrorClass, Mark};
use crate::refused::{Refused, UnavailableResult};
use crate::reply::Reply;

/// How an output is refused, stored and read back.
pub struct Errors<R> {
    pub(crate) refused: fn(Refused) -> R,
    pub(crate) is_value: fn(&R) -> bool,
    write_value: fn(&R) -> Result<Reply, UnavailableResult>,
    read_value: fn(Value<'_>) -> Result<R, UnavailableResult>,
    pub(crate) class: fn(&R) -> ErrorClass,
    write_error: fn(&R) -> Result<Reply, UnavailableResult>,
    read_error: fn(Value<'_>) -> Result<R, UnavailableResult>,
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

    /// What is kept of a result.
    pub(crate) fn kept(&self, result: &R, limit: usize) -> Reply {
        let write = if (self.is_value)(result) { self.write_value } else { self.write_error };
        value::kept(|| write(result), limit)
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
    /// Errors that are released or unknown, never stored; a mark that was not seen by its type counts all the same.
    pub(crate) fn unclassified() -> Self {
        Self {
            refused: R::refused,
            is_value: R::is_value,
            write_value: R::write_value,
            read_value: R::read_value,
            class: R::mark,
            write_error: |_| Err(UnavailableResult::NotSerialisable),
            read_error: |_| Err(UnavailableResult::Unreadable),
        }
    }
}

/// An output type whose errors have not been looked at yet.
pub struct OutputOf<R>(Errors<R>);

/// Asks for [`Output`].
#[must_use]
pub fn output<R: Output>() -> OutputOf<R> {
    OutputOf(Errors::unclassified())
}

impl<R> fmt::Debug for OutputOf<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutputOf")
    }
}

/// Found first: the error is [`Ambiguous`](crate::Ambiguous) or [`NoEffect`](crate::NoEffect), and never stored.
pub trait MarkedErrors<R> {
    #[doc(hidden)]
    fn idem_errors(&self) -> Errors<R>;
    #[doc(hidden)]
    fn idem_stored_errors(&self) -> Errors<R>;
}

impl<T, E: Mark> MarkedErrors<Result<T, E>> for &&OutputOf<Result<T, E>> {
    fn idem_errors(&self) -> Errors<Result<T, E>> {
        Errors { class: |result| class(result, |_| E::CLASS), ..self.0 }
    }

    fn idem_stored_errors(&self) -> Errors<Result<T, E>> {
        self.idem_errors()
    }
}

/// Found next: the error says itself what it means, and may be stored.
pub trait ClassifiedErrors<T, E> {
    #[doc(hidden)]
    fn idem_errors(&self) -> Errors<Result<T, E>>
    where
        E: StorableError;
    #[doc(hidden)]
    fn idem_stored_errors(&self) -> Errors<Result<T, E>>
    where
        E: StorableError;
}

impl<T, E: Classify> ClassifiedErrors<T, E> for &&&OutputOf<Result<T, E>> {
    fn idem_errors(&self) -> Errors<Result<T, E>>
    where
        E: StorableError,
    {
        Errors {
            class: |result| class(result, Classify::class),
            write_error: write::<T, E>,
            read_error: read::<T, E>,
            ..self.0
        }
    }

    fn idem_stored_errors(&self) -> Errors<Result<T, E>>
    where
        E: StorableError,
    {
        self.idem_errors()
    }
}

/// Found for every other error: `on_error` decides.
pub trait UnclassifiedErrors<T, E> {
    #[doc(hidden)]
    fn idem_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownError;
    #[doc(hidden)]
    fn idem_stored_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownError + StoredError;
}

impl<T, E> UnclassifiedErrors<T, E> for &OutputOf<Result<T, E>> {
    fn idem_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownError,
    {
        self.0
    }

    fn idem_stored_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownError + StoredError,
    {
        Errors { write_error: E::write, read_error: E::read, ..self.0 }
    }
}

/// Stands for the one before where the macro sees that the error is a type parameter, or depends on one: does not compile.
pub trait GenericErrors<T, E> {
    #[doc(hidden)]
    fn idem_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownClass;
    #[doc(hidden)]
    fn idem_stored_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownClass;
}

impl<T, E> GenericErrors<T, E> for &OutputOf<Result<T, E>> {
    fn idem_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownClass,
    {
        self.0
    }

    fn idem_stored_errors(&self) -> Errors<Result<T, E>>
    where
        E: KnownClass,
    {
        self.0
    }
}

/// An error that says its class, for all types that may stand for its parameters.
#[diagnostic::on_unimplemented(
    message = "it is not known here what the error `{Self}` says about the operation",
    label = "what stands for `{Self}` may have a class of its own",
    note = "add the bound `{Self}: idem_core::Classify`, wrap it in `idem_core::Ambiguous` or `idem_core::NoEffect`, or return an \
            error type of your own that `{Self}` becomes"
)]
#[allow(unnameable_types, reason = "a user is to say the class, not that it is known")]
pub trait KnownClass {}

#[diagnostic::do_not_recommend]
impl<E: Classify> KnownClass for E {}

/// Found for what is no `Result`, which [`Output`] refuses: nothing more is to be said about it.
pub trait NoErrors<R> {
    #[doc(hidden)]
    fn idem_errors(&self) -> Errors<R>;
    #[doc(hidden)]
    fn idem_stored_errors(&self) -> Errors<R>;
}

impl<R> NoErrors<R> for OutputOf<R> {
    fn idem_errors(&self) -> Errors<R> {
        self.0
    }

    fn idem_stored_errors(&self) -> Errors<R> {
        self.0
    }
}

/// An error that serde can write and read, where its class may be [`Final`](ErrorClass::Final).
#[diagnostic::on_unimplemented(
    message = "an error that may be the operation's answer is stored, and serde cannot write and read `{Self}`",
    label = "`{Self}` may be `Final`, and cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the error; an error in `Ambiguous` or `NoEffect` is never \
            stored and needs neither"
)]
pub trait StorableError: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> StorableError for E {}

/// An error that serde can write and read, where `on_error = store` asks for it.
#[diagnostic::on_unimplemented(
    message = "`on_error = store` cannot store the error `{Self}`",
    label = "serde cannot store this error",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the error, or leave `on_error` out"
)]
pub trait StoredError: Sized {
    #[doc(hidden)]
    fn write<T>(result: &Result<T, Self>) -> Result<Reply, UnavailableResult>;
    #[doc(hidden)]
    fn read<T>(value: Value<'_>) -> Result<Result<T, Self>, UnavailableResult>;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> StoredError for E {
    fn write<T>(result: &Result<T, Self>) -> Result<Reply, UnavailableResult> {
        write(result)
    }

    fn read<T>(value: Value<'_>) -> Result<Result<T, Self>, UnavailableResult> {
        read(value)
    }
}

/// An error whose class is known where the function stands. Every type with a name is `Unpin`, and a type parameter
/// without a bound is not: of such a parameter nothing is known, and what stands for it may be a mark. It cannot be named
/// elsewhere, for a bound of that name would tell nothing.
#[diagnostic::on_unimplemented(
    message = "it is not known here what the error `{Self}` says about the operation",
    label = "what stands for `{Self}` may have a class of its own",
    note = "add the bound `{Self}: idem_core::Classify`, wrap it in `idem_core::Ambiguous` or `idem_core::NoEffect`, or return an \
            error type of your own that `{Self}` becomes"
)]
#[allow(unnameable_types, reason = "a user is to say the class, not that it is known")]
pub trait KnownError {}

#[diagnostic::do_not_recommend]
impl<E: Unpin> KnownError for E {}

fn class<T, E>(result: &Result<T, E>, of: impl FnOnce(&E) -> ErrorClass) -> ErrorClass {
    result.as_ref().err().map_or(ErrorClass::Default, of)
}

fn write<T, E: Serialize + DeserializeOwned>(result: &Result<T, E>) -> Result<Reply, UnavailableResult> {
    let Err(error) = result else { return Err(UnavailableResult::NotSerialisable) };
    value::encode(Arm::Err, error)
}

fn read<T, E: DeserializeOwned>(value: Value<'_>) -> Result<Result<T, E>, UnavailableResult> {
    value::decode(value).map(Err)
}
