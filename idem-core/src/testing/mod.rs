//! The conformance suite for stores, a clock that a test moves by hand, and [a check](idempotent) whether an operation
//! of your own is idempotent as it is.
//!
//! [`protocol`](crate::protocol) says what a store must do; this suite holds a store against it, through two handles
//! at once: claims and their races, fences and nonces, every operation from every state, repeats, sweeping and
//! reaping, replies byte for byte, and random histories compared with the protocol step by step. For your own store
//! write a [`Backend`] and one line in a test file:
//!
//! ```
//! use idem_core::store::memory::MemoryStore;
//! use idem_core::testing::Shared;
//!
//! idem_core::conformance!(memory, Shared::new(|clock| MemoryStore::builder().clock(clock).build()));
//! # idem_core::testing::run(
//! #     async || Shared::new(|clock| MemoryStore::builder().clock(clock).build()),
//! #     idem_core::testing::conformance::claims::a_fresh_key_is_won,
//! # );
//! ```
//!
//! This makes a module `memory` with one `#[test]` per case. [`run_all`] is the same as a function.
//!
//! What it cannot see: states that no operation of [`Store`](crate::store::Store) leads to (unwinding, stuck), the
//! bound of a store's capacity, rows that another transaction has locked for long, formats of a newer version, and what
//! a crash or a cut connection leaves behind. A store needs tests of its own for these.
//!
//! # Environment
//! `IDEM_HISTORIES` is how many random histories to run, `IDEM_SEED` the seed of the first. A history that diverges
//! is cut down to the steps that matter and printed with its seed.
#![allow(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "a test kit: its cases panic, that is how a test fails, and each message says which rule broke"
)]

mod backend;
mod clock;
#[doc(hidden)]
pub mod conformance;
mod history;
pub mod idempotent;
mod in_time;
mod parallel;
mod run;
#[cfg(test)]
mod tests;
mod trial;

pub use backend::{Backend, Shared, Timing};
pub use clock::ManualClock;
pub use history::{Histories, run_histories};
pub use idempotent::{assert_idempotent, idempotence};
pub use run::{Report, run, run_all, survey};
pub use trial::Trial;
