//! What it took.

use std::time::Duration;

use idem_core::IdempotencyKey;

use crate::engine::{Engine, StopReason};

/// What it took to get to an outcome. A resumed operation counts on from where it stopped.
#[derive(Debug, Clone)]
pub struct Report {
    key: Option<IdempotencyKey>,
    attempts: u32,
    polls: u32,
    waits: Vec<Duration>,
    elapsed: Duration,
    reason: StopReason,
}

impl Report {
    pub(crate) fn new(
        key: Option<IdempotencyKey>,
        engine: &Engine,
        reason: StopReason,
        elapsed: Duration,
        earlier: Option<Self>,
    ) -> Self {
        let earlier = earlier.unwrap_or(Self {
            key: None,
            attempts: 0,
            polls: 0,
            waits: Vec::new(),
            elapsed: Duration::ZERO,
            reason,
        });
        let mut waits = earlier.waits;
        waits.extend_from_slice(engine.waits());
        Self {
            key,
            attempts: earlier.attempts.saturating_add(engine.attempts()),
            polls: earlier.polls.saturating_add(engine.polls()),
            waits,
            elapsed: earlier.elapsed.saturating_add(elapsed),
            reason,
        }
    }

    /// The operation's key.
    #[must_use]
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }

    /// How often the request was sent, polls not counted.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How often the request was sent to ask after an operation in progress. Attempts and polls together are the
    /// requests that the server can have seen.
    #[must_use]
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// The waits between the requests, in order. An attempt with fresh credentials after a 401 has none before it.
    #[must_use]
    pub fn waits(&self) -> &[Duration] {
        &self.waits
    }

    /// The time from the first attempt to the outcome, waits included; the time between a stop and a resume is not.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Why nothing more was sent.
    #[must_use]
    pub fn reason(&self) -> StopReason {
        self.reason
    }
}
