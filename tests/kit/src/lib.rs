//! Tests for services that use idem, for operations that should be idempotent, and for stores.
//!
//! A service that says "one key, one effect, one answer" is tested by what breaks it: a process that dies in the middle
//! of its handler, a store that is away, a reply that is lost. This crate brings each of them about, at a chosen place
//! and without a span of time in the test.
//!
//! | you test | with |
//! |---|---|
//! | a service whose process dies, stands still or panics | [`faults`] (feature `faults`, on by default; Unix) |
//! | a service whose store is away, slow, or loses a reply | [`faulty_store::FaultyStore`] |
//! | a service whose connection to its database breaks | [`proxy`] (feature `proxy`) |
//! | anything, on a database of the test's own | [`servers`] (feature `servers`; Unix) |
//! | whether an operation is safe to repeat without a key | [`assert_idempotent`], and [`idempotent`] for how |
//! | a store of your own | [`conformance!`](crate::conformance), below |
//!
//! Make it a dev-dependency. The feature `faults` turns on the feature `fault-points` of idem-core, so the binaries that
//! `cargo test` builds have fault points, and those that `cargo build` makes do not.
//!
//! ```
//! use std::sync::Arc;
//!
//! use idem_core::store::memory::MemoryStore;
//! use idem_core::{Idem, Refused, Scope, idempotent};
//! use idem_testing::faulty_store::{Calls, FaultyStore, StoreFault};
//!
//! #[idempotent(with = idem, key = order, name = "charge")]
//! async fn charge(idem: &Idem, order: u64) -> Result<u32, Refused> {
//!     Ok(42)
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let store = Arc::new(FaultyStore::new(MemoryStore::new()));
//! let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).build().erase();
//!
//! // The record is written, and the reply of the store is lost: the write is repeated, and the caller gets its answer.
//! store.next(Calls::COMPLETE, 1, StoreFault::LoseReply);
//! assert_eq!(charge(&idem, 17).await, Ok(42));
//! assert_eq!(store.applied(Calls::COMPLETE), 2);
//! # });
//! ```
//!
//! # A store of your own
//!
//! [`protocol`](idem_core::protocol) says what a store must do; the suite holds a store against it, through two handles
//! at once: claims and their races, fences and nonces, every operation from every state, repeats, sweeping and
//! reaping, replies byte for byte, and random histories compared with the protocol step by step. For your own store
//! write a [`Backend`] and one line in a test file:
//!
//! ```
//! use idem_core::store::memory::MemoryStore;
//! use idem_testing::Shared;
//!
//! idem_testing::conformance!(memory, Shared::new(|clock| MemoryStore::builder().clock(clock).build()));
//! # idem_testing::run(
//! #     async || Shared::new(|clock| MemoryStore::builder().clock(clock).build()),
//! #     idem_testing::conformance::claims::a_fresh_key_is_won,
//! # );
//! ```
//!
//! This makes a module `memory` with one `#[test]` per case. [`run_all`] is the same as a function.
//!
//! What it cannot see: states that no operation of [`Store`](idem_core::store::Store) leads to (unwinding, stuck), the
//! bound of a store's capacity, rows that another transaction has locked for long, formats of a newer version, and what
//! a crash or a cut connection leaves behind. A store needs tests of its own for these; [`proxy`] and [`servers`] help.
//!
//! # Environment
//! `IDEM_HISTORIES` is how many random histories to run, `IDEM_SEED` the seed of the first. A history that diverges
//! is cut down to the steps that matter and printed with its seed. [`servers`] has variables of its own.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[macro_use]
mod with;

mod backend;
mod clock;
#[doc(hidden)]
pub mod conformance;
#[cfg(all(unix, feature = "faults"))]
pub mod faults;
pub mod faulty_store;
mod history;
pub mod idempotent;
mod in_time;
mod parallel;
#[cfg(feature = "proxy")]
pub mod proxy;
mod run;
#[cfg(all(unix, feature = "servers"))]
pub mod servers;
#[cfg(test)]
mod tests;
mod trial;

pub use backend::{Backend, Shared, Timing};
pub use clock::ManualClock;
pub use history::{Histories, run_histories};
pub use idempotent::{assert_idempotent, idempotence};
pub use run::{Report, run, run_all, survey};
pub use trial::Trial;
