//! The idempotent operation that is running here, and keys derived from it: exactly-once that carries across services.
//!
//! A handler that runs again (its first attempt answered 5xx, or its process died) must call other services with the
//! keys that it used before, or they do their part twice. [`current()`] finds the running operation, and
//! [`Current::derive`] makes a key of it and the call's name: the same key in every attempt, process and version.
//! `idem-client` does so by itself. Any other client takes the derived key where it takes an idempotency key:
//!
//! ```
//! use idem_core::{Idem, Refused, Scope, idempotent, store::memory::MemoryStore};
//! # struct Sdk;
//! # impl Sdk { async fn charge(&self, cents: u64, idempotency_key: &str) { assert_eq!(idempotency_key.len(), 36); } }
//! # #[derive(Debug, PartialEq)]
//! # struct CheckoutError(String);
//! # impl From<Refused> for CheckoutError { fn from(e: Refused) -> Self { Self(e.to_string()) } }
//! # impl From<idem_core::current::Underivable> for CheckoutError {
//! #     fn from(e: idem_core::current::Underivable) -> Self { Self(e.to_string()) }
//! # }
//!
//! #[idempotent(with = idem, key = order, name = "checkout")]
//! async fn checkout(idem: &Idem, sdk: &Sdk, order: u64) -> Result<(), CheckoutError> {
//!     let Some(current) = idem_core::current() else { return Ok(()) };
//!     let key = current.derive("charge")?; // the same in every attempt of this order
//!     sdk.charge(1200, key.as_str()).await;
//!     for line in [1, 2] {
//!         let key = current.derive(("reserve", line))?; // calls of one kind are told apart by a part
//!         sdk.charge(line, key.as_str()).await;
//!     }
//!     assert!(current.derive("charge").is_err()); // a second "charge" would repeat the first
//!     Ok(())
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
//! assert_eq!(checkout(&idem, &Sdk, 17).await, Ok(()));
//! assert!(idem_core::current().is_none()); // outside
//! # });
//! ```
//!
//! # What must stay the same
//!
//! A key stands for one request, so a re-run must also **say** the same under it: send no time of day and no fresh
//! random number, and take amounts from what the operation was called with. Names are found again by every later
//! version: keep them when the code moves. A counter is a good part of a name only if every run counts alike; an id of
//! the thing itself is better. And the other service must still remember the key: what it has forgotten, a re-run does
//! again.
//!
//! # Tasks
//!
//! The operation is known to the task that runs the handler, in both forms and with `detach`. A task of your own
//! starts outside it: [`tokio::spawn`] **loses** it, [`idem_core::spawn`](spawn()) carries it on, and [`carry`] does
//! for every other way of spawning. Where a thread or a callback needs a key, derive it first or move the [`Current`]
//! there. What is left of a response body that streams past the cap is made outside too.
//!
//! # Operations within operations
//!
//! An idempotent call inside a handler is the current one until it returns, and has the outer one as its
//! [`parent`](Current::parent). Calling an operation from inside itself, with the same key, can never be answered: it
//! is refused at once, as [`Refused::Reentered`](crate::Refused::Reentered).

mod derive;
mod running;
mod task;
#[cfg(test)]
mod tests;

pub use derive::Underivable;
pub use running::Current;
pub use task::{carry, current, spawn};

pub(crate) use derive::derive;
pub(crate) use running::Running;
pub(crate) use task::chain;
