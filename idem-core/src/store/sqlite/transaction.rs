//! One write transaction, and where it broke.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;

use super::error::Failure;
use super::sql;

/// Where a transaction broke. It is rolled back, or the connection is of no use any more.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nobody got to write. Another try would wait just as long.
    Begin(Failure),
    /// Nothing was applied. The cause may be one of the operations.
    Inside(Failure),
    /// If the failure is undecided, all of it may be applied, or nothing.
    Commit(Failure),
}

/// How a transaction that went well is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Commit,
    RollBack,
}

/// Runs `body` between BEGIN IMMEDIATE and the end that it asks for.
pub(super) async fn run<T>(
    connection: &mut SqliteConnection,
    path: &Path,
    body: impl AsyncFnOnce(&mut SqliteConnection) -> Result<(T, End), Failure>,
) -> Result<T, Broken> {
    let begun = sqlx::query(sql::BEGIN).execute(&mut *connection).await;
    begun.map_err(|error| Broken::Begin(Failure::of(error, path)))?;
    let (done, end) = match body(&mut *connection).await {
        Ok(done) => done,
        Err(failure) => {
            roll_back(connection).await;
            return Err(Broken::Inside(failure));
        }
    };
    match end {
        End::RollBack => {
            let undone = sqlx::query(sql::ROLLBACK).execute(&mut *connection).await;
            undone.map(|_| done).map_err(|error| Broken::Inside(Failure::of(error, path)))
        }
        End::Commit => match sqlx::query(sql::COMMIT).execute(&mut *connection).await {
            Ok(_) => Ok(done),
            Err(error) => {
                roll_back(connection).await;
                Err(Broken::Commit(Failure::of_commit(error, path)))
            }
        },
    }
}

/// SQLite ends some failed transactions by itself and then refuses this; either way none is open afterwards, unless
/// the connection is beyond help, and after a failure a new one is opened anyway.
async fn roll_back(connection: &mut SqliteConnection) {
    let _ignored = sqlx::query(sql::ROLLBACK).execute(connection).await;
}
