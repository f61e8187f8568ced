//! How an operation ended.
//!
//! ```
//! use idem_client::Outcome;
//!
//! fn advice(outcome: &Outcome) -> &'static str {
//!     match outcome {
//!         Outcome::Completed(_) => "done, exactly once",
//!         Outcome::Rejected(_) => "the server says no; see `Rejected::rejection` before sending it as a new operation",
//!         Outcome::KeyMismatch(_) => "the key belongs to another request: a mistake in the program",
//!         Outcome::InProgress(_) => "still running: resume later",
//!         Outcome::NotSent(_) => "no byte was delivered: resume when the network is back",
//!         Outcome::Unknown(_) => "it may have happened: resume with the same key, never with a new one",
//!         Outcome::Expired(_) => "too old to send again safely: look what happened",
//!     }
//! }
//! ```

mod answered;
mod attempt_error;
mod conclude;
mod kinds;
mod not_json;
mod prior;
mod reply;
mod report;
mod result;
mod unresolved;

pub use answered::{Answered, Expired, Rejected};
pub use attempt_error::{AttemptError, AttemptErrorKind};
pub use kinds::Outcome;
pub use not_json::NotJson;
pub use reply::Reply;
pub use report::Report;
pub use result::{NotCompleted, ReadError};
pub use unresolved::Unresolved;

pub(crate) use conclude::conclude;
pub(crate) use prior::Prior;
