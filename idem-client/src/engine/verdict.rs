//! What one attempt meant.

use std::time::Duration;

/// What an attempt showed, as far as the engine needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The server's last word: nothing is sent after it.
    Final(Ending),
    /// The server answered that it could not, for now: worth another attempt.
    Again {
        /// How long the server asks to wait.
        hint: Option<Duration>,
        /// What the server may have done with this attempt.
        reached: Reached,
    },
    /// The server is still working on this key: ask again, without counting a failed attempt.
    InProgress {
        /// How long the server asks to wait.
        hint: Option<Duration>,
    },
    /// Turned away before the operation was looked at: 401, 403, 407, 421.
    Denied(Refresh),
    /// Proved: no byte of the request was delivered.
    Undelivered,
    /// No complete answer: a reset, a timeout, a truncated reply. The request may have been carried out.
    Lost,
    /// An answer came that cannot be taken in (it is too large); asking again would bring the same.
    Unusable,
    /// The attempt was given up before anything was sent, by the caller's own hook. It is not counted.
    NotMade,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The server's final answer, 2xx or 3xx.
    Completed,
    /// The server's final answer, and not a success.
    Rejected(Rejection),
    /// The key belongs to another request.
    KeyMismatch,
    /// Still running when the polling ended.
    InProgress,
    /// Proved: no byte of the request was delivered.
    NotSent,
    /// The operation may or may not have happened.
    Unknown,
    /// The key is too old to be sent again safely.
    Expired,
}

impl Ending {
    /// A stable name: `completed`, `rejected`, `key_mismatch`, `in_progress`, `not_sent`, `unknown`, `expired`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Rejected(_) => "rejected",
            Self::KeyMismatch => "key_mismatch",
            Self::InProgress => "in_progress",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
        }
    }
}

/// What a rejection says about the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// A definite 4xx (or 501, 505): the request is not acceptable as it is. Correct it and send it as a new
    /// operation.
    Refused,
    /// A 5xx (or 429) that the server marks as final, or replays from its record: repeating it brings the same.
    /// The effect may have happened in part; look before sending it as a new operation.
    Failed,
    /// `result-unavailable`: the operation **has** run, but its answer was not kept. Neither this key nor a new
    /// one brings the answer, and a new key would run it twice.
    ResultUnavailable,
}

/// What licenses sending a request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The request carries an idempotency key.
    Keyed,
    /// The request's method is idempotent: GET, HEAD, PUT, DELETE, OPTIONS, TRACE (RFC 9110 §9.2.2).
    Idempotent,
    /// Nothing does: only what was proved undelivered is sent again.
    Never,
}

impl Repeat {
    /// The licence of a request: its key, else its method.
    #[must_use]
    pub fn of<K>(key: Option<&K>, method: &http::Method) -> Self {
        match key {
            Some(_) => Self::Keyed,
            None if method.is_idempotent() => Self::Idempotent,
            None => Self::Never,
        }
    }
}

/// How far the attempts so far may have come. The order is that of growing doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// No byte was delivered.
    Nothing,
    /// Delivered, and turned away without an effect.
    TurnedAway,
    /// The request may have had its effect.
    InDoubt,
}

/// Whether a 401 is worth one more attempt with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Each attempt fetches its credentials anew.
    Worthwhile,
    /// The next attempt would carry the same credentials.
    Pointless,
}
