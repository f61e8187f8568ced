//! Records in the application's transactions.
//!
//! A transaction takes the write lock when it begins, so there is no rival to be told of: other writers wait. In one
//! process they queue for it; and each is over well before another's lease could end for want of a renewal.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, Transaction};
use tokio::sync::Semaphore;

use super::link::{Durability, Setup};
use super::row::signed;
use super::rules::RoundSettings;
use super::tx_fault::{commit_fault, fault, refused};
use super::{sql, tx_claim};
use crate::protocol::Claim;
use crate::reply::Reply;
use crate::store::{
    Begin, BoxFuture, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Left, Rivals, StoreError,
    StoreErrorKind, TxBackend, TxConnection, TxFault,
};

/// What the store needs to write records in a transaction.
pub(super) struct SqliteTxBackend {
    rules: RoundSettings,
    options: SqliteConnectOptions,
    pool: OnceLock<SqlitePool>,
    turn: Arc<Semaphore>,
}

impl SqliteTxBackend {
    pub(super) fn new(
        setup: &Setup,
        rules: RoundSettings,
        pool: Option<SqlitePool>,
    ) -> Result<Self, StoreError> {
        if let Some(pool) = &pool
            && !same_file(pool.connect_options().get_filename(), &setup.path)
        {
            return Err(StoreError::new(
                StoreErrorKind::Misconfigured,
                format!(
                    "the pool is on another file than {}: effects and records commit together in one file only",
                    setup.path.display()
                ),
            ));
        }
        let synchronous = match setup.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        };
        let options = SqliteConnectOptions::new()
            .filename(&setup.path)
            .synchronous(synchronous)
            .busy_timeout(setup.busy_timeout);
        let pool = pool.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self { rules, options, pool, turn: Arc::new(Semaphore::new(1)) })
    }

    /// The pool that the store was given, or one of its own.
    fn pool(&self) -> &SqlitePool {
        self.pool.get_or_init(|| SqlitePoolOptions::new().connect_lazy_with(self.options.clone()))
    }
}

/// A file that does not exist yet is compared by its name.
fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).ok();
    real(one) == real(other)
}

impl fmt::Debug for SqliteTxBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTxBackend").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Of SQLite's machine, some tens of microseconds: so often a statement asks whether it may go on.
const STEPS: i32 = 4096;

impl TxBackend<Sqlite> for SqliteTxBackend {
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<Sqlite>, TxFault>> {
        Box::pin(async {
            let closed = |_| refused("the store is closed", None);
            let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(closed)?;
            let connection = self.pool().acquire().await.map_err(fault)?;
            Ok(TxConnection::in_turn(connection, turn))
        })
    }

    fn begin<'c>(
        &'c self,
        connection: &'c mut SqliteConnection,
        permit: &'c Arc<CommitPermit>,
        _: Begin,
    ) -> BoxFuture<'c, Result<Transaction<'c, Sqlite>, TxFault>> {
        Box::pin(async move {
            let mut tx = connection.begin_with(sql::BEGIN).await.map_err(fault)?;
            // A statement such as INSERT OR ROLLBACK ends the transaction; each statement after it would commit by itself:
            // https://www.sqlite.org/lang_conflict.html
            let (commits, goes_on) = (Arc::clone(permit), Arc::clone(permit));
            let mut handle = tx.lock_handle().await.map_err(fault)?;
            handle.set_commit_hook(move || commits.is_open());
            // A statement whose connection was given up would keep the write lock to its end.
            handle.set_progress_handler(STEPS, move || !goes_on.is_cancelled());
            drop(handle);
            if let Ok(settings) = settings(&mut tx).await {
                permit.settings().get_or_init(|| settings);
            }
            Ok(tx)
        })
    }

    fn claim<'c>(
        &'c self,
        connection: &'c mut SqliteConnection,
        _: &'c CommitPermit,
        claim: &'c Claim,
        _: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>> {
        Box::pin(tx_claim::claim_in(&self.rules, connection, claim))
    }

    fn complete<'c>(
        &'c self,
        connection: &'c mut SqliteConnection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<Completed, TxFault>> {
        Box::pin(async move {
            let done = sqlx::query(sql::FINISH_HERE)
                .bind(held.address.as_bytes().as_slice())
                .bind(held.fence.map(|fence| signed(fence.as_u64())))
                .bind(held.nonce.as_bytes().as_slice())
                .bind(signed((self.rules.now() + retention).as_micros()))
                .bind(reply.as_bytes())
                .execute(connection)
                .await
                .map_err(fault)?;
            Ok(match done.rows_affected() {
                1 => Completed::Done { settings_kept: true },
                // By `ON CONFLICT ROLLBACK`.
                _ => Completed::Undone,
            })
        })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut SqliteConnection,
        held: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let record = tx_claim::load(connection, held.address).await?;
            Ok(record.is_some_and(|record| record.owner.nonce == held.nonce))
        })
    }

    /// COMMIT says whether it did, and what was rolled back before it cannot be committed.
    fn is_whole<'c>(&'c self, _: &'c mut SqliteConnection) -> BoxFuture<'c, Result<Completed, TxFault>> {
        Box::pin(async { Ok(Completed::Done { settings_kept: true }) })
    }

    fn leaves_traces(&self, _: Left) -> bool {
        true
    }

    fn restore<'c>(
        &'c self,
        connection: &'c mut SqliteConnection,
        permit: &'c CommitPermit,
        _: Left,
    ) -> BoxFuture<'c, Result<(), TxFault>> {
        Box::pin(async move {
            let now = settings(connection).await.map_err(fault)?;
            if permit.settings().get() != Some(&now) {
                return Err(TxFault::Refused(StoreError::changed_settings()));
            }
            let mut handle = connection.lock_handle().await.map_err(fault)?;
            handle.remove_commit_hook();
            handle.remove_progress_handler();
            Ok(())
        })
    }

    /// By the hook.
    fn holds_commits(&self) -> bool {
        true
    }

    fn commit_fault(&self, error: sqlx::Error) -> CommitFault {
        commit_fault(error)
    }

    /// While a transaction is open nothing else is written, renewals included, which come every third of a lease.
    fn longest(&self, lease: Duration) -> Option<Duration> {
        Some(lease / 3)
    }
}

/// What a handler may have set for its connection that would be the next caller's.
async fn settings(connection: &mut SqliteConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(sql::SETTINGS).fetch_one(connection).await
}
