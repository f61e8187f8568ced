//! The retry engine: what to do after each attempt, decided without input, output, clock or runtime.
//!
//! It is fed the [`Verdict`] on an attempt and the time since the operation began, and answers with one
//! [`Step`]: send, wait, or stop. Every form of the client runs on it, and so can a caller's own transport.
//!
//! ```
//! use std::time::Duration;
//! use idem_client::engine::{Ending, Engine, Policy, Reached, Repeat, Step, Verdict};
//!
//! // A transport that loses the first reply and then succeeds.
//! let mut answers = [Verdict::Lost, Verdict::Final(Ending::Completed)].into_iter();
//! let mut now = Duration::ZERO;
//!
//! let policy = Policy::default().base_delay(Duration::from_millis(100));
//! let (mut engine, mut step) = Engine::begin(&policy, Repeat::Keyed, Reached::Nothing, 7, None, now);
//! let stop = loop {
//!     step = match step {
//!         Step::Send(permit) => engine.settle(permit, answers.next().unwrap_or(Verdict::Lost), now),
//!         Step::Wait(pause) => {
//!             now += pause.duration(); // a program would sleep here
//!             engine.resume(pause, now)
//!         }
//!         Step::Stop(stop) => break stop,
//!     };
//! };
//! assert_eq!(stop.ending, Ending::Completed);
//! assert_eq!(engine.attempts(), 2);
//! assert!(engine.waits()[0] <= Duration::from_millis(100));
//! ```
//!
//! Guarantees, for every schedule of delays and every script of verdicts:
//! - at most [`Policy::max_attempts`] attempts that are not polls, each counted once;
//! - a backoff wait lies in `[0, min(max_delay, base_delay · 2ⁿ)]`, with n from 0;
//! - a server's hint is waited out in full, plus at most a tenth, or the call stops at once;
//! - no wait reaches the deadline, and none of a poll reaches past the poll budget;
//! - what has no key and is not idempotent by its method is sent again only if it was proved undelivered.

mod backoff;
mod classify;
mod decide;
mod delays;
mod hint;
mod machine;
mod policy;
mod problem;
mod step;
mod verdict;

#[cfg(test)]
mod tests;

pub use backoff::FullJitter;
pub use classify::{Answer, Replay, classify};
pub use delays::{DelaySource, Schedule};
pub use hint::retry_hint;
pub use machine::Engine;
pub use policy::Policy;
pub use step::{Pause, Permit, Step, Stop, StopReason};
pub use verdict::{Ending, Reached, Refresh, Rejection, Repeat, Verdict};
