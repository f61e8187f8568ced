//! Why a transaction, or its COMMIT, failed.

use crate::store::StoreError;

/// Why a COMMIT failed.
#[derive(Debug)]
pub(crate) enum CommitFault {
    /// The database rolled back, for the sake of another transaction.
    Conflict(StoreError),
    /// The database rolled back, or did not commit and will be made to roll back.
    Refused(StoreError),
    /// The database answered with an error that does not say what became of it.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "sqlite-tx")),
        allow(dead_code, reason = "PostgreSQL's errors say it")
    )]
    Unclear(StoreError),
    /// There was no answer.
    Lost(StoreError),
}

/// Why a transaction cannot go on.
#[derive(Debug)]
pub(crate) enum TxFault {
    /// The database undid it in favour of another transaction; another try may succeed at once.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has one writer at a time")
    )]
    Conflict(StoreError),
    /// The database refused; what failed before, in a statement of the handler's, is refused too.
    Refused(StoreError),
    /// The database refused a statement of idem's, for a right or an object that the session lacks: a handler may have set
    /// another role.
    #[cfg_attr(
        not(any(feature = "mysql", feature = "postgres")),
        allow(dead_code, reason = "SQLite has no rights")
    )]
    Misconfigured(StoreError),
    /// The connection broke, or was not to be had.
    Broken(StoreError),
}

impl TxFault {
    pub(crate) fn into_error(self) -> StoreError {
        match self {
            Self::Conflict(error)
            | Self::Refused(error)
            | Self::Misconfigured(error)
            | Self::Broken(error) => error,
        }
    }
}
