//! Points in a call at which a test can let the process die, stand still, or panic.
//!
//! Every step of the engine, and every call of its store from there, has one before and one after ([`ALL`]), and your own code can have some: [`reach`] is an
//! empty function that the compiler removes, unless the feature `fault-points` is on. Turn that on in tests only: then
//! a user who sets the environment of a process can stop it.
//!
//! # From inside a test
//!
#![cfg_attr(feature = "fault-points", doc = "```")]
#![cfg_attr(not(feature = "fault-points"), doc = "```ignore")]
//! use idem_core::fault::{self, Fault, points};
//! use idem_core::{Idem, Refused, Scope, idempotent, store::memory::MemoryStore};
//!
//! #[idempotent(with = idem, key = order, name = "charge")]
//! async fn charge(idem: &Idem, order: u64) -> Result<u32, Refused> {
//!     fault::reach("charge.bank"); // a point of your own
//!     Ok(42)
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
//! let (dies, claims) = (
//!     fault::arm("charge.bank", Fault::Panic),
//!     fault::arm(points::ENGINE_CLAIM_BEFORE, Fault::Count),
//! );
//! let call = tokio::spawn({ let idem = idem.clone(); async move { charge(&idem, 17).await } });
//! assert!(call.await.unwrap_err().is_panic());
//!
//! // The call died in the middle of the effect: no later call charges again.
//! assert_eq!(charge(&idem, 17).await, Err(Refused::OutcomeUnknown));
//! assert_eq!((dies.reached(), claims.reached()), (1, 2));
//! # });
//! ```
//!
//! # From outside a process
//!
//! `IDEM_FAULT` is read once, when the first point is reached. It holds pieces `POINT=FAULT@N`, separated by `;`: at
//! its `N`-th reaching (the first without `@N`) the point acts once. Faults are `kill`, `freeze`, `panic` and `count`.
//! `*` stands for every point, so `IDEM_FAULT='*=count'` prints the way of a call. A point of your own is written with
//! `own:` before its name. What is misspelt ends the process with exit code 64, and a line on standard error that says
//! which points and faults there are.
//!
//! ```text
//! IDEM_FAULT='engine.complete.after=kill' my-service          # dies when the record is done, before the caller is told
//! IDEM_FAULT='own:charge.bank=freeze@2;keeper.renew.before=kill' my-service
//! ```
//!
//! The package `idem-testing` starts a process under a fault, and tells a test what became of it (`idem_testing::faults`).
//!
//! A process that was frozen goes on with SIGCONT. Every armed point writes one line to standard error before it acts,
//! such as `idem fault: engine.complete.after: kill at reaching 1`.

#[cfg(feature = "fault-points")]
mod act;
#[cfg(feature = "fault-points")]
mod armed;
#[cfg(feature = "fault-points")]
mod environment;
pub mod points;
#[cfg(all(test, feature = "fault-points"))]
mod tests;

#[cfg(feature = "fault-points")]
pub use act::Fault;
#[cfg(feature = "fault-points")]
pub use armed::{Guard, arm, arm_at, reach};

/// Every point of idem's own, in the order of [`points`].
pub const ALL: &[&str] = points::ALL;

/// Nothing: the feature `fault-points` is off.
#[cfg(not(feature = "fault-points"))]
#[inline]
pub fn reach(_point: &str) {}
