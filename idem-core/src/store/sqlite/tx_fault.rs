//! What an error of SQLite means for a handler's transaction.

use crate::store::{CommitFault, StoreError, StoreErrorKind, TxFault};

/// Of an error of the driver's, but for one at COMMIT.
pub(super) fn fault(error: sqlx::Error) -> TxFault {
    match &error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            refused("the pool has no connection for a transaction", Some(error))
        }
        sqlx::Error::Database(said) if matches!(said.code().as_deref(), Some("5" | "517" | "6")) => refused(
            "the database stayed locked: another process writes, or a transaction was left open",
            Some(error),
        ),
        // SQLITE_TOOBIG ends the statement, and the transaction stands.
        sqlx::Error::Database(said) if said.code().as_deref() == Some("18") => {
            let message = "the reply is larger than SQLite can hold: cap replies";
            TxFault::Refused(StoreError::new(StoreErrorKind::Unstorable, message).with_source(error))
        }
        sqlx::Error::Database(_) => refused("SQLite refused the transaction", Some(error)),
        _ => {
            let message = "the connection to the SQLite file broke";
            TxFault::Broken(StoreError::new(StoreErrorKind::Unavailable, message).with_source(error))
        }
    }
}

/// The transaction is still open after `SQLITE_CONSTRAINT` and `SQLITE_BUSY`, and is rolled back; after `SQLITE_ERROR` there
/// was none, and the hook has let nothing be committed. What else SQLite says may be of a log that is read again. <https://www.sqlite.org/lang_transaction.html>
pub(super) fn commit_fault(error: sqlx::Error) -> CommitFault {
    const ERROR: i32 = 1;
    const CONSTRAINT: i32 = 19;
    const BUSY: i32 = 5;
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // The extended code carries the primary one in its lowest byte.
    let primary = code.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff);
    let unavailable = |message: &str| StoreError::new(StoreErrorKind::Unavailable, message);
    match primary {
        Some(CONSTRAINT | ERROR) => {
            let message = format!("SQLite refused the COMMIT: {error}");
            CommitFault::Refused(unavailable(&message))
        }
        Some(BUSY) => CommitFault::Conflict(
            unavailable("the database stayed locked at the COMMIT: another process reads or writes")
                .with_source(error),
        ),
        Some(_) => CommitFault::Unclear(fault(error).into_error()),
        None => CommitFault::Lost(fault(error).into_error()),
    }
}

pub(super) fn refused(message: &str, source: Option<sqlx::Error>) -> TxFault {
    let error = StoreError::new(StoreErrorKind::Unavailable, message);
    TxFault::Refused(match source {
        Some(source) => error.with_source(source),
        None => error,
    })
}
