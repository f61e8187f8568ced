//! Records that ride in the application's transactions.
//!
//! A transaction takes the write lock when it begins, so there is no rival to be told of: whoever else writes waits. In
//! one process they queue for it; and each is over well before another's lease could end for want of a renewal.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row as _, Transaction};
use tokio::sync::Semaphore;

use super::builder::Durability;
use super::link::Setup;
use super::round::Rules;
use super::sql;
use super::store::SqliteStore;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{self, Claim, ClaimOutcome, Record, StateKind, Terms};
use crate::reply::Reply;
use crate::store::sql::{Fields, Row, number, record};
use crate::store::unreadable::Unreadable;
use crate::store::{
    Begin, BoxFuture, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Left, Rivals, StoreError,
    StoreErrorKind, TxBackend, TxConnection, TxFault,
};
use crate::store::{Sealed, TxStore};

impl Sealed for SqliteStore {}

impl TxStore for SqliteStore {
    type Database = Sqlite;
}

/// What it takes to ride in a transaction.
pub(super) struct TxPool {
    rules: Rules,
    options: SqliteConnectOptions,
    pool: OnceLock<SqlitePool>,
    turn: Arc<Semaphore>,
}

impl TxPool {
    pub(super) fn new(setup: &Setup, rules: Rules, pool: Option<SqlitePool>) -> Result<Self, StoreError> {
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

impl fmt::Debug for TxPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxPool").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Of SQLite's machine, some tens of microseconds: so often a statement asks whether it may go on.
const STEPS: i32 = 4096;

impl TxBackend<Sqlite> for SqliteStore {
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<Sqlite>, TxFault>> {
        Box::pin(async {
            let closed = |_| refused("the store is closed", None);
            let turn = Arc::clone(&self.tx_pool.turn).acquire_owned().await.map_err(closed)?;
            let connection = self.tx_pool.pool().acquire().await.map_err(|error| self.fault(error))?;
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
            let mut tx = connection.begin_with(sql::BEGIN).await.map_err(|error| self.fault(error))?;
            // A statement such as INSERT OR ROLLBACK ends the transaction, and whatever follows would commit by itself:
            // https://www.sqlite.org/lang_conflict.html
            let (commits, goes_on) = (Arc::clone(permit), Arc::clone(permit));
            let mut handle = tx.lock_handle().await.map_err(|error| self.fault(error))?;
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
        Box::pin(self.claim_in(connection, claim))
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
                .bind(signed((self.tx_pool.rules.now() + retention).as_micros()))
                .bind(reply.as_bytes())
                .execute(connection)
                .await
                .map_err(|error| self.fault(error))?;
            Ok(match done.rows_affected() {
                1 => Completed::Done { settings_kept: true },
                _ => Completed::NotOurs,
            })
        })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut SqliteConnection,
        held: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let record = self.load(connection, held.address).await?;
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
            let now = settings(connection).await.map_err(|error| self.fault(error))?;
            if permit.settings().get() != Some(&now) {
                return Err(TxFault::Refused(StoreError::changed_settings()));
            }
            let mut handle = connection.lock_handle().await.map_err(|error| self.fault(error))?;
            handle.remove_commit_hook();
            handle.remove_progress_handler();
            Ok(())
        })
    }

    /// By the hook.
    fn holds_commits(&self) -> bool {
        true
    }

    /// For `ON CONFLICT ROLLBACK`.
    fn undoes_silently(&self) -> bool {
        true
    }

    fn fault(&self, error: sqlx::Error) -> TxFault {
        match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                refused("the pool has no connection for a transaction", Some(error))
            }
            sqlx::Error::Database(said) if matches!(said.code().as_deref(), Some("5" | "517" | "6")) => {
                refused(
                    "the database stayed locked: another process writes, or a transaction was left open",
                    Some(error),
                )
            }
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
    fn commit_fault(&self, error: sqlx::Error) -> CommitFault {
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
            Some(_) => CommitFault::Unclear(self.fault(error).into_error()),
            None => CommitFault::Lost(self.fault(error).into_error()),
        }
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

impl SqliteStore {
    async fn claim_in(&self, connection: &mut SqliteConnection, claim: &Claim) -> Result<Claimed, TxFault> {
        let now = self.tx_pool.rules.now();
        let before = self.load(connection, claim.address).await?;
        let mut after = before.clone();
        let outcome = protocol::claim(&mut after, claim, now);
        let (ClaimOutcome::Won(won), Some(new)) = (&outcome, &after) else {
            return Ok(Claimed::Decided(outcome));
        };
        let held = HeldRow::new(claim.address, *won);
        let written = match &before {
            // Running under this very nonce, and committed: an earlier transaction of this call was cut in two.
            Some(before) if before == new => return Ok(Claimed::Decided(ClaimOutcome::Unknown)),
            Some(before) => self.reclaim(connection, claim, before, new).await?,
            None => {
                self.make_room(connection, now).await?;
                self.insert(connection, claim, new).await?
            }
        };
        // Nobody else can have written since BEGIN IMMEDIATE.
        if written == 1 {
            Ok(Claimed::Won(held))
        } else {
            Err(refused("a record changed under the write lock", None))
        }
    }

    async fn load(
        &self,
        connection: &mut SqliteConnection,
        address: Address,
    ) -> Result<Option<Record>, TxFault> {
        let query = sqlx::query(sql::LOAD).bind(address.as_bytes().as_slice());
        let row = query.fetch_optional(connection).await.map_err(|error| self.fault(error))?;
        row.map(|row| record(&row, RECORD, address)).transpose().map_err(TxFault::Refused)
    }

    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        claim: &Claim,
        new: &Record,
    ) -> Result<u64, TxFault> {
        let label = sqlx::query(sql::NUMBER).bind(claim.label.as_str());
        label.execute(&mut *connection).await.map_err(|error| self.fault(error))?;
        self.number_terms(connection, claim).await?;
        let query = sqlx::query(sql::INSERT).bind(claim.address.as_bytes().as_slice());
        let done = with_row(query, &Row::of(new)).execute(connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.fault(error))
    }

    async fn number_terms(&self, connection: &mut SqliteConnection, claim: &Claim) -> Result<(), TxFault> {
        let terms = sqlx::query(sql::NUMBER_TERMS).bind(claim.terms.to_string());
        terms.execute(connection).await.map(drop).map_err(|error| self.fault(error))
    }

    async fn reclaim(
        &self,
        connection: &mut SqliteConnection,
        claim: &Claim,
        old: &Record,
        new: &Record,
    ) -> Result<u64, TxFault> {
        self.number_terms(connection, claim).await?;
        let (old, new) = (Row::of(old), Row::of(new));
        let done = old.state == number(StateKind::Done);
        let query = sqlx::query(if done { sql::RECLAIM.done } else { sql::RECLAIM.open })
            .bind(claim.address.as_bytes().as_slice())
            .bind(old.state)
            .bind(old.fence)
            .bind(old.nonce)
            .bind(old.until);
        let done = with_row(query, &new).execute(connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.fault(error))
    }

    /// Holds to the bound, as every other claim does.
    async fn make_room(&self, connection: &mut SqliteConnection, now: Timestamp) -> Result<(), TxFault> {
        /// Enough to go on, in one step.
        const EXPIRED: i64 = 64;
        let Some(bound) = self.tx_pool.rules.max_records else { return Ok(()) };
        for _ in 0..2 {
            let row = sqlx::query(sql::RECORDS).fetch_one(&mut *connection).await;
            let records: i64 = row.and_then(|row| row.try_get(0)).map_err(|error| self.fault(error))?;
            if u64::try_from(records).unwrap_or_default() < bound {
                return Ok(());
            }
            let reap = sqlx::query(sql::REAP).bind(signed(now.as_micros())).bind(EXPIRED);
            reap.execute(&mut *connection).await.map_err(|error| self.fault(error))?;
        }
        let message =
            "the store holds `max_records` unexpired records: raise the bound or shorten the retention";
        Err(TxFault::Refused(StoreError::new(StoreErrorKind::CapacityExceeded, message)))
    }
}

/// A record's columns come after its address.
const RECORD: usize = 1;

/// Every column but the address and the format, of a record that is claimed: it has no reply.
fn with_row<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    row: &Row<'q>,
) -> Query<'q, Sqlite, SqliteArguments> {
    query
        .bind(row.state)
        .bind(row.fence)
        .bind(row.nonce)
        .bind(row.until)
        .bind(row.attempts)
        .bind(row.after_crash)
        .bind(row.recipe)
        .bind(row.digest)
        .bind(row.created)
        .bind(row.label)
        .bind(row.key_hint)
        .bind(None::<&[u8]>)
        .bind(Some(row.audit).filter(|audit| !audit.is_empty()))
        .bind(row.terms.map(ToString::to_string))
}

fn refused(message: &str, source: Option<sqlx::Error>) -> TxFault {
    let error = StoreError::new(StoreErrorKind::Unavailable, message);
    TxFault::Refused(match source {
        Some(source) => error.with_source(source),
        None => error,
    })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Fields for SqliteRow {
    fn int(&self, at: usize) -> Option<i64> {
        self.try_get(at).ok()
    }

    fn bytes(&self, at: usize) -> Option<Vec<u8>> {
        self.try_get(at).ok()
    }

    fn terms(&self, at: usize) -> Result<Option<Terms>, Unreadable> {
        let text = self.try_get::<Option<String>, _>(at).ok().flatten();
        super::row::terms(text.as_deref())
    }

    /// A column that may be NULL is empty then.
    fn text(&self, at: usize) -> Option<String> {
        self.try_get::<Option<String>, _>(at).ok().map(Option::unwrap_or_default)
    }
}
