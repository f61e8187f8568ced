//! What an error of the server means for a handler's transaction.

use sqlx::mysql::MySqlDatabaseError;

use super::fault;
use super::tx_statements::NO_SUCH_SAVEPOINT;
use crate::store::{CommitFault, StoreError, StoreErrorKind, TxFault};

/// Of an error of the driver's, but for one at COMMIT.
pub(super) fn fault(error: sqlx::Error) -> TxFault {
    if let sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed = error {
        let message = "no connection for a transaction was to be had in time: raise max_connections, of the pool or \
                       of the server";
        return TxFault::Refused(StoreError::new(StoreErrorKind::Unavailable, message).with_source(error));
    }
    TxFault::from(fault::fault(error))
}

/// What else the server says, such as 1180, does not tell whether an engine has committed.
pub(super) fn commit_fault(error: sqlx::Error) -> CommitFault {
    // The driver has released a savepoint instead of committing: COMMIT knows none.
    let nested = number(&error) == Some(NO_SUCH_SAVEPOINT);
    let answered = number(&error).is_some();
    match TxFault::from(fault::fault(error)) {
        TxFault::Conflict(error) => CommitFault::Conflict(error),
        TxFault::Refused(error) if nested => CommitFault::Refused(error),
        TxFault::Refused(error) | TxFault::Misconfigured(error) if answered => CommitFault::Unclear(error),
        fault => CommitFault::Lost(fault.into_error()),
    }
}

/// The number of the server's error.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}
