//! How a function's errors are treated: chosen by their type, without the user naming it.
//!
//! The macro asks an [`ErrorProbe`]; method look-up finds [`ClassifiedErrors`] where the error type implements
//! [`Classify`], and one reference further [`UnclassifiedErrors`] for every other.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{self, Arm};
use crate::outcome::{Classify, ErrorClass};
use crate::refused::Unavailable;
use crate::reply::Reply;

/// What is known about a function's error type.
pub trait ErrorMode<E> {
    /// What `error` says about the operation.
    fn class(&self, error: &E) -> ErrorClass;
    /// The stored form of a final error.
    ///
    /// # Errors
    /// [`Unavailable::NotSerialisable`].
    fn encode(&self, error: &E) -> Result<Reply, Unavailable>;
    /// A stored error.
    ///
    /// # Errors
    /// [`Unavailable::Unreadable`].
    fn decode(&self, json: &[u8]) -> Result<E, Unavailable>;
}

/// Nothing: errors are released or unknown, never stored.
#[derive(Debug, Clone, Copy)]
pub struct Unclassified;

impl<E> ErrorMode<E> for Unclassified {
    fn class(&self, _: &E) -> ErrorClass {
        ErrorClass::Default
    }

    fn encode(&self, _: &E) -> Result<Reply, Unavailable> {
        Err(Unavailable::NotSerialisable)
    }

    fn decode(&self, _: &[u8]) -> Result<E, Unavailable> {
        Err(Unavailable::Unreadable)
    }
}

/// Errors are stored, as `on_error = store` asks.
#[derive(Debug, Clone, Copy)]
pub struct StoredErrors;

impl<E: Serialize + DeserializeOwned> ErrorMode<E> for StoredErrors {
    fn class(&self, _: &E) -> ErrorClass {
        ErrorClass::Default
    }

    fn encode(&self, error: &E) -> Result<Reply, Unavailable> {
        encode(error)
    }

    fn decode(&self, json: &[u8]) -> Result<E, Unavailable> {
        value::decode(json)
    }
}

/// Errors say themselves what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Classified;

impl<E: Classify> ErrorMode<E> for Classified {
    fn class(&self, error: &E) -> ErrorClass {
        error.class()
    }

    fn encode(&self, error: &E) -> Result<Reply, Unavailable> {
        encode(error)
    }

    fn decode(&self, json: &[u8]) -> Result<E, Unavailable> {
        value::decode(json)
    }
}

fn encode<E: Serialize>(error: &E) -> Result<Reply, Unavailable> {
    value::encode(Arm::Err, error).map_err(|_| Unavailable::NotSerialisable)
}

/// The mode for `on_error = store`.
#[must_use]
pub const fn stored_errors<R: StorableError>() -> StoredErrors {
    StoredErrors
}

/// A result whose error can be stored.
#[diagnostic::on_unimplemented(
    message = "`on_error = store` needs an error that can be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` for the error type"
)]
pub trait StorableError {}

impl<T, E: Serialize + DeserializeOwned> StorableError for Result<T, E> {}

/// Asks what is known about the error of the result type `R`.
pub struct ErrorProbe<R>(PhantomData<fn() -> R>);

impl<R> ErrorProbe<R> {
    /// The question.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<R> Default for ErrorProbe<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> fmt::Debug for ErrorProbe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorProbe")
    }
}

/// Found first, where the error implements [`Classify`].
pub trait ClassifiedErrors {
    /// The mode.
    fn errors(&self) -> Classified {
        Classified
    }
}

impl<T, E: Classify> ClassifiedErrors for ErrorProbe<Result<T, E>> {}

/// Found for every other error.
pub trait UnclassifiedErrors {
    /// The mode.
    fn errors(&self) -> Unclassified {
        Unclassified
    }
}

impl<R> UnclassifiedErrors for &ErrorProbe<R> {}
