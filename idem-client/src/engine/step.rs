//! What the engine asks for.

use std::time::Duration;

use super::Ending;

/// The next thing to do.
#[derive(Debug)]
pub enum Step {
    /// Make one attempt, then call [`Engine::settle`](super::Engine::settle) with its permit.
    Send(Permit),
    /// Do nothing for a while, then call [`Engine::resume`](super::Engine::resume).
    Wait(Pause),
    /// The operation is over.
    Stop(Stop),
}

/// The leave to send the request once. It cannot be copied, so attempts are counted exactly.
#[derive(Debug)]
pub struct Permit {
    pub(super) kind: Kind,
    pub(super) resend_count: u32,
    pub(super) timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Attempt,
    Poll,
}

impl Permit {
    /// How often this operation was sent before: 0 for the first attempt (OpenTelemetry's
    /// `http.request.resend_count`).
    #[must_use]
    pub fn resend_count(&self) -> u32 {
        self.resend_count
    }

    /// How long this attempt may take: the attempt timeout, or the time left if that is less.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// A wait that the engine asked for.
#[derive(Debug)]
pub struct Pause {
    pub(super) next: Kind,
    pub(super) due: Duration,
    pub(super) duration: Duration,
}

impl Pause {
    /// How long to wait from now.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

/// The end of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stop {
    /// What is known about the operation.
    pub ending: Ending,
    /// Why nothing more is sent.
    pub reason: StopReason,
}

/// Why an operation is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StopReason {
    /// The server's answer is final.
    #[error("the answer is final")]
    Final,
    /// All attempts are used up.
    #[error("all attempts are used up")]
    AttemptsExhausted,
    /// The delay source has no further delay.
    #[error("the delay source gave no further delay")]
    ScheduleEnded,
    /// The next wait would reach the total timeout.
    #[error("the total timeout leaves no time for another attempt")]
    Deadline,
    /// The server asks for a longer wait than is allowed.
    #[error("the server asks to wait {} ms, and at most {} ms are allowed", .hint.as_millis(), .limit.as_millis())]
    HintTooLong {
        /// What the server asks for.
        hint: Duration,
        /// The least of `max_retry_after`, the time left, and for an operation in progress the poll budget left.
        limit: Duration,
    },
    /// Still in progress at the end of the poll budget.
    #[error("the operation was still in progress when the poll budget ended")]
    PollBudgetSpent,
    /// No key, and a method that is not idempotent: sending again could do it twice.
    #[error("without a key it is not safe to send this request again")]
    NotRepeatable,
    /// Turned away (401, 403, 407, 421) after an attempt that may have had its effect.
    #[error("the server turned the repetition away, which says nothing about the earlier attempt")]
    DeniedInDoubt,
    /// The answer cannot be taken in: it is larger than the client accepts.
    #[error("the answer is larger than the client accepts")]
    Unusable,
    /// The caller's `prepare_attempt` hook gave the attempt up.
    #[error("the attempt could not be prepared")]
    NotPrepared,
}
