//! What a driver could not do, sorted by what may be done about it.

use std::error::Error;
use std::sync::Arc;

use crate::store::{StoreError, StoreErrorKind};

/// A failure that several callers are told about.
#[derive(Debug, Clone)]
pub(in crate::store) struct Failure {
    kind: StoreErrorKind,
    message: Arc<str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(in crate::store) fn new(kind: StoreErrorKind, message: impl Into<Arc<str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(in crate::store) fn with_source(self, source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    pub(in crate::store) const fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    #[cfg(feature = "redis")]
    pub(in crate::store) fn says(&self, message: &str) -> bool {
        &*self.message == message
    }

    /// The same, of something that may have been applied.
    pub(super) fn undecided(self) -> Self {
        Self { kind: StoreErrorKind::Undecided, ..self }
    }

    /// The same, of something that was certainly not applied.
    pub(super) fn unavailable(self) -> Self {
        Self { kind: StoreErrorKind::Unavailable, ..self }
    }

    pub(in crate::store) fn to_error(&self) -> StoreError {
        let error = StoreError::new(self.kind, &*self.message);
        match &self.source {
            Some(source) => error.with_source(Arc::clone(source)),
            None => error,
        }
    }
}

/// Why a call failed.
#[derive(Debug, Clone)]
pub(in crate::store) enum DriverFault {
    /// The server could not be reached, or did not let us in: nothing was sent.
    Unreached(Failure),
    /// The connection broke: what was sent may have been applied.
    Broken(Failure),
    /// The server undid it in favour of another transaction, and it may succeed at once: a deadlock, a conflict.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "Redis undoes nothing")
    )]
    Again(Failure),
    /// The server refuses all calls for now: it is full, shutting down, read-only. Nothing was applied.
    Shut(Failure),
    /// The server refused it for what it says. Nothing was applied. In a batch, one operation may be to blame.
    Refused(Failure),
    /// The server answered, and the answer cannot be read: what was sent may have been applied, as where none came.
    Unread(Failure),
}

impl DriverFault {
    #[cfg(feature = "redis")]
    pub(in crate::store) const fn failure(&self) -> &Failure {
        match self {
            Self::Unreached(failure)
            | Self::Broken(failure)
            | Self::Again(failure)
            | Self::Shut(failure)
            | Self::Refused(failure)
            | Self::Unread(failure) => failure,
        }
    }

    pub(in crate::store) fn into_failure(self) -> Failure {
        match self {
            Self::Unreached(failure)
            | Self::Broken(failure)
            | Self::Again(failure)
            | Self::Shut(failure)
            | Self::Refused(failure)
            | Self::Unread(failure) => failure,
        }
    }
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl From<DriverFault> for crate::store::TxFault {
    fn from(fault: DriverFault) -> Self {
        match fault {
            DriverFault::Again(failure) => Self::Conflict(failure.to_error()),
            DriverFault::Unreached(failure) | DriverFault::Broken(failure) => {
                Self::Broken(failure.to_error())
            }
            DriverFault::Shut(failure) if failure.kind() == StoreErrorKind::Misconfigured => {
                Self::Misconfigured(failure.to_error())
            }
            // An answer that cannot be read is no doubt here: the transaction is rolled back.
            DriverFault::Shut(failure) | DriverFault::Refused(failure) | DriverFault::Unread(failure) => {
                Self::Refused(failure.to_error())
            }
        }
    }
}
