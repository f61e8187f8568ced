//! Is an operation safe to repeat as it is? Not every operation needs a key: writing an absolute value twice is
//! writing it once. This helper tells such operations from those that only look like it.
//!
//! [`assert_idempotent`] runs an operation once, on an environment of its own, and remembers the state that `observe`
//! sees. Then it holds against it, each time on a fresh environment, the state after the operation ran
//!
//! 1. **twice**, one run after the other;
//! 2. **concurrently**: several copies in lockstep, one poll each in turn; one copy overtaken by another at every
//!    [place](Place) where it waits or yields; and several copies at the same instant, on threads of their own;
//! 3. **again after a crash**: dropped in the middle, at every such place and at its end, and then run again.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::convert::Infallible;
//! use std::sync::Mutex;
//!
//! use idem_testing::{assert_idempotent, idempotence};
//!
//! type Stock = Mutex<BTreeMap<&'static str, u64>>;
//!
//! // An absolute value may be written as often as one likes.
//! assert_idempotent(
//!     async || Stock::default(),
//!     async |stock| {
//!         stock.lock().unwrap().insert("nuts", 7);
//!         Ok::<_, Infallible>(())
//!     },
//!     async |stock| stock.lock().unwrap().clone(),
//! );
//!
//! // A difference may not, and the check says in which run that showed.
//! let delivered = idempotence(
//!     async || Stock::default(),
//!     async |stock| {
//!         *stock.lock().unwrap().entry("nuts").or_default() += 7;
//!         Ok::<_, Infallible>(())
//!     },
//!     async |stock| stock.lock().unwrap().clone(),
//! );
//! let found = delivered.check().unwrap_err();
//! assert_eq!(found.to_string(), r#"run twice, the operation leaves another state than run once
//!   once:    {"nuts": 7}
//!   instead: {"nuts": 14}
//!   answers: Ok(()), Ok(())"#);
//! ```
//!
//! # What counts
//!
//! **The state decides.** A run other than the first may fail, with a unique violation, `SQLITE_BUSY` or a
//! serialization failure, say. Its caller would repeat it, so it is run once more when the others have ended; if that
//! fails too, so be it, as long as the state is right. Where the answer matters as well, say
//! [`same_answer`](Idempotence::same_answer).
//!
//! The very first run must succeed and must change what `observe` sees: otherwise no comparison could ever fail, and
//! that is [reported](NotIdempotent::NothingObserved). So let `setup` make what a careless operation could confuse or
//! destroy (other rows beside the one that is written), and let `observe` see all of it, without what differs from run
//! to run anyway (clocks, random ids).
//!
//! # What it cannot see
//!
//! - An operation can be stopped only where it waits or yields. One that does neither crashes only at its end, and its
//!   copies in lockstep run one after the other: [`Coverage`] says how many places there were.
//! - What a database answers before it is awaited is not waited for, so which waits there are is not the same in every
//!   run. A `tokio::task::yield_now().await` between two statements makes a place that is always there: what can show
//!   at yields is found every time.
//! - A crash here is a dropped future: destructors run, and what the operation spawned lives on. At each place, what
//!   the operation had asked for is done before it is dropped; that it was not done is the crash one place earlier.
//! - Copies of one operation are compared, not different operations on the same state.

mod check;
mod copies;
mod found;
mod parallel;
mod phases;
#[cfg(test)]
mod tests;

pub use check::{Idempotence, assert_idempotent, idempotence};
pub use found::{NotIdempotent, Place, Run};
pub use phases::Coverage;
