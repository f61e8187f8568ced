//! How a handler says what one error means for the operation, where the status or the policy would say something else.
//!
//! In an axum handler, wrap what becomes the response: `Err(Ambiguous(error))`, or within your error's
//! `into_response`. In a plain function, return one of these as the error type, or implement [`Classify`] for your
//! own.
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
//!             Self::BankTimeout => ErrorClass::Ambiguous, // nobody knows: never run again by itself
//!             Self::Refused => ErrorClass::Default,       // as `on_error` says
//!         }
//!     }
//! }
//! ```

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::refused::Refused;

/// What an error says about the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ErrorClass {
    /// What `on_error` says.
    #[default]
    Default,
    /// It is the operation's answer: stored and replayed.
    Final,
    /// The effect may or may not have happened.
    Ambiguous,
    /// Nothing happened: the same request may run again.
    NoEffect,
}

/// An error that knows what it means. It can be stored, since it may be final.
pub trait Classify: Serialize + DeserializeOwned {
    /// What this error says about the operation.
    fn class(&self) -> ErrorClass;
}

macro_rules! marker {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name<E>(pub E);

        impl<E: Serialize + DeserializeOwned> Classify for $name<E> {
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
    /// Marks an error, or a response, after which nobody knows whether the effect happened.
    Ambiguous;
    /// Marks an error, or a response, before which nothing happened: the same request may run again.
    NoEffect;
}
