//! The seven outcomes.

use std::time::Duration;

use idem_core::IdempotencyKey;

use super::{Answered, Expired, Rejected, Reply, Report, Unresolved};
use crate::engine::Ending;

/// How an operation ended. There is no other way: matching on it covers them all.
#[derive(Debug)]
#[must_use = "an operation gets lost when the caller does not look at an unknown outcome"]
pub enum Outcome {
    /// The server's final answer, 2xx or 3xx: the operation happened once.
    Completed(Answered),
    /// The server's final answer, and not a success: a definite 4xx, or a 5xx that the server marks as final or
    /// replays.
    Rejected(Rejected),
    /// The server has the key with another request. Nothing was done for this one; the program has a mistake.
    KeyMismatch(Answered),
    /// Still running when the polling ended.
    InProgress(Unresolved),
    /// Proved: no byte of the request was delivered.
    NotSent(Unresolved),
    /// The operation may or may not have happened. Only the same key can tell.
    Unknown(Unresolved),
    /// The key is too old to be sent again safely.
    Expired(Expired),
}

impl Outcome {
    /// The outcome's name and, for a rejection, what it says.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self {
            Self::Completed(_) => Ending::Completed,
            Self::Rejected(rejected) => Ending::Rejected(rejected.rejection),
            Self::KeyMismatch(_) => Ending::KeyMismatch,
            Self::InProgress(_) => Ending::InProgress,
            Self::NotSent(_) => Ending::NotSent,
            Self::Unknown(_) => Ending::Unknown,
            Self::Expired(_) => Ending::Expired,
        }
    }

    /// Whether it is [`Completed`](Self::Completed).
    #[must_use]
    pub fn is_completed(&self) -> bool {
        matches!(self, Self::Completed(_))
    }

    /// What it took.
    #[must_use]
    pub fn report(&self) -> &Report {
        match self {
            Self::Completed(answered) | Self::KeyMismatch(answered) => &answered.report,
            Self::Rejected(rejected) => rejected.report(),
            Self::InProgress(open) | Self::NotSent(open) | Self::Unknown(open) => open.report(),
            Self::Expired(expired) => &expired.report,
        }
    }

    /// The last reply that came in whole.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Completed(answered) | Self::KeyMismatch(answered) => Some(&answered.reply),
            Self::Rejected(rejected) => Some(rejected.reply()),
            Self::InProgress(open) | Self::NotSent(open) | Self::Unknown(open) => open.reply(),
            Self::Expired(expired) => expired.reply(),
        }
    }

    /// The operation's key.
    #[must_use]
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.report().key()
    }

    /// How often the request was sent, polls not counted.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.report().attempts()
    }

    /// How often the request was sent to ask after an operation in progress.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.report().polls()
    }

    /// The waits, in order.
    #[must_use]
    pub fn waits(&self) -> &[Duration] {
        self.report().waits()
    }

    /// What can be [resumed](crate::Client::resume), if anything.
    ///
    /// # Errors
    /// The outcome itself, if it is final.
    pub fn into_unresolved(self) -> Result<Unresolved, Box<Self>> {
        match self {
            Self::InProgress(open) | Self::NotSent(open) | Self::Unknown(open) => Ok(open),
            settled => Err(Box::new(settled)),
        }
    }
}
