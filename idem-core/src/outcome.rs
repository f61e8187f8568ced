//! How a handler says what one error means for the operation, where the status or the policy would say something else.
//!
//! In an axum handler, wrap what becomes the response: `Err(Ambiguous(error))`, or within your error's
//! `into_response`. In a plain function, return one of these as the error type, or implement [`Classify`] for your
//! own. A mark counts in every form, over `on_error`. It is the outermost type that is looked at: a mark that
//! stands inside of another error is not seen in a plain function. In a handler an error that implements [`Classify`] is asked
//! as well, where its response carries no mark. `store_if` takes no mark back.
//!
//! ```
//! use idem_core::{Classify, ErrorClass, Refused};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! enum PayError { Declined, BankTimeout, Refused }
//!
//! impl From<Refused> for PayError {
//!     fn from(_: Refused) -> Self { Self::Refused }
//! }
//!
//! impl Classify for PayError {
//!     fn class(&self) -> ErrorClass {
//!         match self {
//!             Self::Declined => ErrorClass::Final,        // stored and replayed
//!             Self::BankTimeout => ErrorClass::Ambiguous, // not known: never run again by itself
//!             Self::Refused => ErrorClass::Default,       // as `on_error` says
//!         }
//!     }
//! }
//! ```

use std::any::type_name;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::refused::Refused;

/// What an error says about the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ErrorClass {
    /// What `on_error` says.
    #[default]
    Default,
    /// The error is the operation's answer: stored and replayed.
    Final,
    /// The effect may or may not have happened.
    Ambiguous,
    /// Nothing happened: the same request may run again.
    NoEffect,
}

/// The classes of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The answer of the operation.
    Final,
    /// Of the address, the moment or a header field, not of the operation: the same request may run again.
    #[cfg_attr(
        not(feature = "tower"),
        allow(dead_code, reason = "a value of a plain function is always final")
    )]
    Transient,
    /// The handler failed; the policy says what that means.
    Failure,
}

/// An error that knows what it means. A plain function with such an error asks for `Serialize` and `DeserializeOwned`, since
/// the error may be final and is stored then; only [`Ambiguous`] and [`NoEffect`], which are never stored, need neither.
///
/// It wins over `on_error`. A generic function that returns a type parameter as its error bounds it by `Classify`.
pub trait Classify {
    /// What this error says about the operation.
    fn class(&self) -> ErrorClass;
}

/// As the error itself.
impl<E: Serialize> Serialize for Final<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, E: Deserialize<'de>> Deserialize<'de> for Final<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        E::deserialize(deserializer).map(Self)
    }
}

/// A mark that says the same of every error, which is never stored.
pub trait Mark {
    #[doc(hidden)]
    const CLASS: ErrorClass;
}

impl<E> Mark for Ambiguous<E> {
    const CLASS: ErrorClass = ErrorClass::Ambiguous;
}

impl<E> Mark for NoEffect<E> {
    const CLASS: ErrorClass = ErrorClass::NoEffect;
}

/// What a mark around an error of the type `E` says, where its type cannot be asked: in a function with any error. It goes
/// by the name of the type, as the compiler prints it.
pub(crate) fn mark_of<E>() -> ErrorClass {
    let marks = [
        (type_name::<Final<()>>(), ErrorClass::Final),
        (type_name::<Ambiguous<()>>(), ErrorClass::Ambiguous),
        (type_name::<NoEffect<()>>(), ErrorClass::NoEffect),
    ];
    let name = type_name::<E>();
    let found = marks
        .into_iter()
        .find(|(mark, _)| mark.strip_suffix("()>").is_some_and(|mark| name.starts_with(mark)));
    found.map_or(ErrorClass::Default, |(_, class)| class)
}

macro_rules! marker {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name<E>(pub E);

        impl<E> Classify for $name<E> {
            fn class(&self) -> ErrorClass {
                ErrorClass::$name
            }
        }

        impl<E: From<Refused>> From<Refused> for $name<E> {
            fn from(refused: Refused) -> Self {
                Self(refused.into())
            }
        }

        impl<E: std::fmt::Display> std::fmt::Display for $name<E> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<E: std::error::Error> std::error::Error for $name<E> {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                self.0.source()
            }
        }
    )*};
}
marker! {
    /// Marks an error, or a response, as the operation's answer: stored and replayed.
    Final;
    /// Marks an error, or a response, after which it is not known whether the effect happened.
    Ambiguous;
    /// Marks an error, or a response, before which nothing happened: the same request may run again.
    NoEffect;
}

#[cfg(test)]
mod tests {
    use super::{Ambiguous, ErrorClass, Final, NoEffect, mark_of};

    /// A type of the user's own is no mark, also under the name of one.
    mod users {
        pub(super) struct Ambiguous<E>(pub(super) E);
        pub(super) struct AmbiguousPayment;
    }

    #[test]
    fn a_mark_is_known_by_the_name_of_its_type() {
        assert_eq!(mark_of::<Final<String>>(), ErrorClass::Final);
        assert_eq!(mark_of::<Ambiguous<Box<dyn std::error::Error>>>(), ErrorClass::Ambiguous);
        assert_eq!(mark_of::<NoEffect<Final<u8>>>(), ErrorClass::NoEffect);
        assert_eq!(mark_of::<Ambiguous<&str>>(), ErrorClass::Ambiguous);
    }

    #[test]
    fn no_other_type_is_taken_for_a_mark() {
        drop(users::Ambiguous(String::new()).0);
        for class in [
            mark_of::<String>(),
            mark_of::<()>(),
            mark_of::<Box<Ambiguous<u8>>>(),
            mark_of::<users::Ambiguous<u8>>(),
            mark_of::<users::AmbiguousPayment>(),
            mark_of::<Result<Final<u8>, NoEffect<u8>>>(),
        ] {
            assert_eq!(class, ErrorClass::Default);
        }
    }
}
