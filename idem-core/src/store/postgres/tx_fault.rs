//! What an error of PostgreSQL means for a handler's transaction.

use std::borrow::Cow;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::fault;
use crate::store::{CommitFault, StoreError, StoreErrorKind, TxFault};

/// Of an error of the driver's, but for one at COMMIT.
pub(super) fn fault(error: sqlx::Error) -> TxFault {
    match error {
        error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => TxFault::Refused(
            StoreError::new(
                StoreErrorKind::Unavailable,
                "no connection for a transaction was to be had in time: raise max_connections, of the pool or of \
                 PostgreSQL",
            )
            .with_source(error),
        ),
        error => TxFault::from(fault::fault(error)),
    }
}

/// An error that does not end the session is told before the transaction is in the log: it was rolled back.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ERRORRESPONSE>
pub(super) fn commit_fault(error: sqlx::Error) -> CommitFault {
    let said = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    let refused = said.is_some_and(|said| {
        said.severity() == PgSeverity::Error && !said.code().starts_with("08") && said.code() != "40003"
    });
    let constraint = said.and_then(PgDatabaseError::constraint).map(str::to_owned);
    match (TxFault::from(fault::fault(error)), constraint) {
        (fault, _) if !refused => CommitFault::Lost(fault.into_error()),
        (TxFault::Conflict(error), _) => CommitFault::Conflict(error),
        (fault, None) => CommitFault::Refused(fault.into_error()),
        (fault, Some(constraint)) => {
            let message = format!("PostgreSQL refused the COMMIT, for the constraint \"{constraint}\"");
            CommitFault::Refused(StoreError::new(fault.into_error().kind(), message))
        }
    }
}

/// The SQLSTATE of the server's error.
pub(super) fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}
