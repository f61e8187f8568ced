//! Why an operation was not run, or its answer not given.

use std::time::Duration;

use crate::fingerprint::InvalidFingerprint;
use crate::key::InvalidKey;

/// idem did not run the operation, or cannot give its answer. Each has a stable [`code`](Self::code).
///
/// An axum handler's caller gets it as a problem document; a plain function's caller as an error, through
/// `E: From<Refused>`. The text says what to do and never holds the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// No key where one is required.
    #[error(
        "this operation needs an idempotency key: send one per operation, and the same one with every retry"
    )]
    KeyMissing,
    /// The key breaks a rule.
    #[error(transparent)]
    KeyInvalid(#[from] InvalidKey),
    /// The key was used for another request.
    #[error(
        "this idempotency key was used for another request, and this one was not run. A retry sends the first request again, unchanged. A new key is safe only for an operation that is new as well"
    )]
    KeyReused,
    /// The operation is running.
    #[error("the operation with this idempotency key is still running: ask again later with the same key")]
    InProgress {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The operation may or may not have happened.
    #[error(
        "nobody knows whether the operation with this idempotency key happened: find out before using a new key"
    )]
    OutcomeUnknown,
    /// The operation may or may not have happened, because the store is away: the outcome will be known once the store is
    /// back.
    #[error(
        "the outcome of this operation cannot be recorded at the moment: ask again later with the same key"
    )]
    OutcomeUndecided {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The operation happened, but its answer cannot be given again.
    #[error("the operation has happened, but its result cannot be given again: {0}")]
    ResultUnavailable(UnavailableResult),
    /// The key is too old.
    #[error("this idempotency key is too old: whether its operation happened is not known here any more")]
    KeyExpired,
    /// The store cannot be asked; nothing was run.
    #[error(
        "idempotency records cannot be reached at the moment; nothing was done: ask again with the same key"
    )]
    StoreUnavailable {
        /// When to ask again.
        retry_after: Duration,
    },
    /// No room for new keys; nothing was run.
    #[error(
        "too many idempotency keys are kept at the moment; nothing was done: ask again with the same key"
    )]
    CapacityExceeded {
        /// When to ask again.
        retry_after: Duration,
    },
    /// This process is shutting down; nothing was run.
    #[error("this server is shutting down; nothing was done: ask again with the same key")]
    ShuttingDown {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The request does not say who the caller is; nothing was run.
    #[error("the request does not say who it comes from: {0}")]
    ScopeMissing(&'static str),
    /// The request body is longer than what is fingerprinted; nothing was run.
    #[error(
        "the request body is longer than the {limit} bytes that this operation accepts; nothing was done"
    )]
    BodyTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The request body could not be read; nothing was run.
    #[error(
        "the request body could not be read to its end; nothing was done: send it again with the same key"
    )]
    BodyUnreadable,
    /// The fingerprint expression of the handler failed on this request; nothing was run.
    #[error(transparent)]
    FingerprintInvalid(#[from] InvalidFingerprint),
    /// The handler panicked, and is declared safe to run again.
    #[error("the operation failed half-way and may be tried again with the same key")]
    HandlerPanicked,
    /// The handler panicked in this very call, and may or may not have had its effect before. Every other call with the
    /// key gets [`OutcomeUnknown`](Self::OutcomeUnknown). Over HTTP this one is 500, so that alarms on 5xx see the panic.
    #[error(
        "the operation failed half-way, and it is not known whether it happened: find out before using a new key"
    )]
    PanickedUnknown,
    /// The database undid the operation's transaction for the sake of another one; nothing happened.
    #[error(
        "the operation collided with another one in the database; nothing was done: ask again with the same key"
    )]
    TransactionConflict {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The operation's transaction failed or took too long, and was rolled back; nothing happened.
    #[error(
        "the operation's transaction failed and was rolled back; nothing was done: it may be tried again with the same key"
    )]
    TransactionAborted,
    /// The handler wants a transaction of a database that the store is not in; nothing was run.
    #[error(
        "the server is misconfigured: its idempotency store cannot ride in the transaction that the operation needs"
    )]
    StoreCannotCouple,
    /// The operation was called from inside a transaction through the same `Idem`; it was not run.
    #[error(
        "an idempotent operation was called inside the transaction of another on the same store: call it before or after, or do its work in that transaction"
    )]
    InsideTransaction,
    /// The operation was called from inside itself with the same key; the inner call was not run.
    #[error(
        "an idempotent operation called itself with the same idempotency key, and would wait for itself: give the inner call a key or a name of its own"
    )]
    Reentered,
    /// The server is put together wrongly; nothing was run.
    #[error("the server is misconfigured: {0}")]
    Misconfigured(&'static str),
    /// Another idempotent function of this program has the same `name`; nothing was run. Which of them a record under the
    /// name belongs to is not known.
    #[error(
        "the server is misconfigured: two idempotent functions have one name, and each needs a `name` of its own"
    )]
    NameShared,
    /// The handler keeps its body to itself, so that no fingerprint can be made; nothing was run.
    #[error("the handler streams its request body and names no fingerprint")]
    BodyNotRead,
}

/// Why the answer of an operation that happened cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnavailableResult {
    /// Longer than what is stored.
    #[error("it was too large to be kept")]
    TooLarge,
    /// The response body broke off while it was made.
    #[error("it broke off while it was made")]
    Broken,
    /// The result could not be turned into bytes.
    #[error("it could not be written down")]
    NotSerialisable,
    /// The result was stored by another version of the function or of idem.
    #[error("it was stored in a form that this version cannot read")]
    Unreadable,
    /// The response body did not end within [`max_response_time`](crate::IdemBuilder::max_response_time).
    #[error("it took too long to be made")]
    TooSlow,
    /// The response was not about the operation but about its connection: an upgrade to another protocol.
    #[error("it belonged to its connection")]
    Upgrade,
    /// The store takes no reply of that length.
    #[error("it was more than the store takes")]
    NotTaken,
}

impl UnavailableResult {
    pub(crate) const fn as_u8(self) -> u8 {
        match self {
            Self::TooLarge => 1,
            Self::Broken => 2,
            Self::NotSerialisable => 3,
            Self::Unreadable => 4,
            Self::TooSlow => 5,
            Self::Upgrade => 6,
            Self::NotTaken => 7,
        }
    }

    pub(crate) const fn from_u8(why: u8) -> Self {
        match why {
            1 => Self::TooLarge,
            2 => Self::Broken,
            3 => Self::NotSerialisable,
            5 => Self::TooSlow,
            6 => Self::Upgrade,
            7 => Self::NotTaken,
            _ => Self::Unreadable,
        }
    }
}

impl Refused {
    /// The stable code, the same in problem documents and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyMissing => "idempotency-key-missing",
            Self::KeyInvalid(_) => "idempotency-key-invalid",
            Self::KeyReused => "idempotency-key-reused",
            Self::InProgress { .. } => "request-in-progress",
            Self::OutcomeUnknown | Self::OutcomeUndecided { .. } | Self::PanickedUnknown => "outcome-unknown",
            Self::ResultUnavailable(_) => "result-unavailable",
            Self::KeyExpired => "key-expired",
            Self::StoreUnavailable { .. } => "store-unavailable",
            Self::CapacityExceeded { .. } => "capacity-exceeded",
            Self::ShuttingDown { .. } => "shutting-down",
            Self::ScopeMissing(_) => "scope-missing",
            Self::BodyTooLarge { .. } => "body-too-large",
            Self::BodyUnreadable => "body-unreadable",
            Self::FingerprintInvalid(_) => "fingerprint-invalid",
            Self::HandlerPanicked => "handler-panicked",
            Self::TransactionConflict { .. } => "transaction-conflict",
            Self::TransactionAborted => "transaction-aborted",
            Self::StoreCannotCouple => "store-cannot-couple",
            Self::InsideTransaction => "inside-transaction",
            Self::Reentered => "operation-reentered",
            Self::Misconfigured(_) | Self::NameShared => "misconfigured",
            Self::BodyNotRead => "body-not-read",
        }
    }

    /// True if the same request may be sent again unchanged and may then get another answer.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(
            self,
            Self::InProgress { .. }
                | Self::OutcomeUndecided { .. }
                | Self::StoreUnavailable { .. }
                | Self::CapacityExceeded { .. }
                | Self::ShuttingDown { .. }
                | Self::BodyUnreadable
                | Self::HandlerPanicked
                | Self::TransactionConflict { .. }
                | Self::TransactionAborted
        )
    }

    /// True if a further request must carry the same key.
    #[must_use]
    pub const fn retry_same_key(&self) -> bool {
        self.retryable() || matches!(self, Self::OutcomeUnknown | Self::PanickedUnknown)
    }

    /// True if the operation certainly did not happen under this key, so that another key cannot double it.
    /// Of several keys in one request, one may have been used before.
    #[must_use]
    pub const fn safe_new_key(&self) -> bool {
        matches!(
            self,
            Self::KeyMissing
                | Self::KeyInvalid(
                    InvalidKey::Empty
                        | InvalidKey::TooLong(_)
                        | InvalidKey::Character(_)
                        | InvalidKey::Quoting
                )
                | Self::ScopeMissing(_)
                | Self::BodyTooLarge { .. }
                | Self::FingerprintInvalid(_)
                | Self::StoreCannotCouple
                | Self::Misconfigured(_)
                | Self::BodyNotRead
        )
    }

    /// When to ask again, where that is known.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::InProgress { retry_after }
            | Self::OutcomeUndecided { retry_after }
            | Self::StoreUnavailable { retry_after }
            | Self::CapacityExceeded { retry_after }
            | Self::TransactionConflict { retry_after }
            | Self::ShuttingDown { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}
