//! One write transaction, and where it broke.

use std::path::Path;

use rusqlite::Connection;

use super::error::Failure;
use super::sql;

/// Where a transaction broke. It is rolled back, or the connection is of no use any more.
#[derive(Debug)]
pub(super) enum Broken {
    /// The transaction did not begin, so nothing was written. Another try would wait just as long.
    Begin(Failure),
    /// Nothing was applied. The cause may be one of the operations.
    Inside(Failure),
    /// If the failure is undecided, all of it may be applied, or nothing.
    Commit(Failure),
}

/// How a transaction that went well is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TransactionEnd {
    Commit,
    RollBack,
}

/// Runs `body` between BEGIN IMMEDIATE and the end that it asks for.
pub(super) fn run<T>(
    connection: &Connection,
    path: &Path,
    body: impl FnOnce(&Connection) -> Result<(T, TransactionEnd), Failure>,
) -> Result<T, Broken> {
    let begun = execute(connection, sql::BEGIN);
    begun.map_err(|error| Broken::Begin(Failure::of(error, path)))?;
    let (done, end) = match body(connection) {
        Ok(done) => done,
        Err(failure) => {
            roll_back(connection);
            return Err(Broken::Inside(failure));
        }
    };
    match end {
        TransactionEnd::RollBack => {
            let undone = execute(connection, sql::ROLLBACK);
            undone.map(|()| done).map_err(|error| Broken::Inside(Failure::of(error, path)))
        }
        TransactionEnd::Commit => match execute(connection, sql::COMMIT) {
            Ok(()) => Ok(done),
            Err(error) => {
                roll_back(connection);
                Err(Broken::Commit(Failure::of_commit(error, path)))
            }
        },
    }
}

/// SQLite ends some failed transactions by itself and then refuses this; either way none is open afterwards, unless
/// the connection is beyond help, and after a failure a new one is opened anyway.
fn roll_back(connection: &Connection) {
    let _ignored = execute(connection, sql::ROLLBACK);
}

/// Runs a statement without parameters, keeping it prepared.
pub(super) fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
