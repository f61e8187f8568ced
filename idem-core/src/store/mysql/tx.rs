//! Records that ride in the application's transactions.
//!
//! Every connection of the pool may have other settings, so what begins a transaction sets what it needs. All values are
//! bound: the driver, and the server, may log the text of a statement.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sqlx::mysql::{
    MySql, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPool, MySqlPoolOptions, MySqlRow,
};
use sqlx::{AssertSqlSafe, Connection, Row as _, SqlStr, Transaction};

use super::dialect::Dialect;
use super::driver::{with_claim, with_row};
use super::fault;
use super::rows::place;
use super::store::MySqlStore;
use super::tx_statements::{
    BEGIN, KEEP, LOCKED, NO_SUCH_SAVEPOINT, NOT_OURS, RESTORE, RESTORE_WAIT, SESSION, SETTINGS, Texts,
    UNMARK, WAIT_AS_BEFORE, WAIT_LITTLE,
};
use crate::clock::Timestamp;
use crate::protocol::{Claim, ClaimOutcome, Fence, Owner};
use crate::reply::Reply;
use crate::store::remote::claims::{Judged, judge};
use crate::store::remote::driver::{Change, Found, micros, signed};
use crate::store::sql::{Row, TableName};
use crate::store::{
    Begin, BoxFuture, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Left, Rivals, StoreError,
    StoreErrorKind, TxBackend, TxConnection, TxFault,
};
use crate::store::{Isolation, Sealed, TxStore};

impl Sealed for MySqlStore {}

impl TxStore for MySqlStore {
    type Database = MySql;
}

/// What it takes to ride in a transaction.
pub(super) struct TxPool {
    texts: Texts,
    dialect: Dialect,
    options: MySqlConnectOptions,
    pool: OnceLock<MySqlPool>,
}

impl TxPool {
    pub(super) fn new(
        name: &TableName,
        dialect: Dialect,
        options: MySqlConnectOptions,
        pool: Option<MySqlPool>,
    ) -> Self {
        let pool = pool.map_or_else(OnceLock::new, OnceLock::from);
        Self { texts: Texts::new(name, dialect), dialect, options, pool }
    }

    /// The pool that the store was given, or one of its own.
    fn pool(&self) -> &MySqlPool {
        self.pool.get_or_init(|| MySqlPoolOptions::new().connect_lazy_with(self.options.clone()))
    }
}

impl fmt::Debug for TxPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxPool").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// In seconds, what `wait_timeout` takes: a year, or 24 days on Windows.
const LONGEST_WAIT: u64 = 2_147_483;

impl TxBackend<MySql> for MySqlStore {
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<MySql>, TxFault>> {
        Box::pin(async {
            let connection = self.tx_pool.pool().acquire().await.map_err(|error| match error {
                error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => self.fault(error),
                error => TxFault::from(fault::unreached(error)),
            })?;
            Ok(TxConnection::on_server(connection, Some(self.remote.canceller())))
        })
    }

    fn begin<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        permit: &'c Arc<CommitPermit>,
        begin: Begin,
    ) -> BoxFuture<'c, Result<Transaction<'c, MySql>, TxFault>> {
        let wait = match (self.tx_pool.dialect, begin.claim) {
            (Dialect::MySql, Some(Rivals::Tell)) => WAIT_LITTLE,
            (Dialect::MySql, _) => "SET @idem_wait = @@SESSION.innodb_lock_wait_timeout; ",
            (Dialect::MariaDb, _) => "",
        };
        let level = match begin.isolation {
            None => "",
            Some(Isolation::ReadCommitted) => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ",
            Some(Isolation::RepeatableRead) => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ",
            Some(Isolation::Serializable) => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ",
        };
        let idle = begin.idle().as_secs().saturating_add(1).min(LONGEST_WAIT).to_string();
        let keep = KEEP.replace("{settings}", SETTINGS).replace("{idle}", &idle);
        // Made of constants.
        let statement = AssertSqlSafe(format!("{keep}{wait}{level}{BEGIN}"));
        Box::pin(async move {
            let mut tx = connection.begin_with(statement).await.map_err(|error| self.fault(error))?;
            // Where there is a claim, the claim tells.
            if begin.claim.is_none() {
                self.known(&mut tx, permit, SESSION.to_owned()).await?;
            }
            Ok(tx)
        })
    }

    fn claim<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        permit: &'c CommitPermit,
        claim: &'c Claim,
        rivals: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>> {
        Box::pin(self.claim_in(connection, permit, claim, rivals))
    }

    fn complete<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<Completed, TxFault>> {
        Box::pin(async move {
            let now = held.clock.map_or(Timestamp::from_micros(0), |(clock, since)| clock + since.elapsed());
            let until = now + Duration::from_micros(micros(retention).unsigned_abs());
            let finish = sqlx::query(self.tx_pool.texts.finish.clone())
                .bind(signed(until.as_micros()))
                .bind(reply.as_bytes())
                .bind(held.address.as_bytes().as_slice())
                .bind(held.fence.map_or(0, |fence| signed(fence.as_u64())))
                .bind(held.nonce.as_bytes().as_slice());
            match finish.execute(connection).await {
                // `restore` looks at the settings.
                Ok(done) if done.rows_affected() == 1 => Ok(Completed::Done { settings_kept: true }),
                Ok(_) => Ok(Completed::NotOurs),
                Err(error) if number(&error) == Some(NOT_OURS) => Ok(Completed::NotOurs),
                Err(error) => Err(self.fault(error)),
            }
        })
    }

    /// Asked for long replies only: 64 KiB is less than any server is set to.
    fn takes<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        bytes: usize,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            if bytes <= 1 << 16 {
                return Ok(true);
            }
            let most =
                sqlx::raw_sql("SELECT CAST(@@max_allowed_packet AS SIGNED)").fetch_one(connection).await;
            let most: i64 = most.and_then(|row| row.try_get(0)).map_err(|error| self.fault(error))?;
            // Two hexadecimal digits for each, and the rest of the statement.
            let sent = bytes.saturating_mul(2).saturating_add(4096);
            Ok(usize::try_from(most).is_ok_and(|most| sent <= most))
        })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        _: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(self.unmark(connection))
    }

    fn is_whole<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
    ) -> BoxFuture<'c, Result<Completed, TxFault>> {
        Box::pin(async move {
            let whole = self.unmark(connection).await?;
            Ok(if whole { Completed::Done { settings_kept: true } } else { Completed::NotOurs })
        })
    }

    fn leaves_traces(&self, _: Left) -> bool {
        true
    }

    fn restore<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        _: &'c CommitPermit,
        _: Left,
    ) -> BoxFuture<'c, Result<(), TxFault>> {
        let wait = match self.tx_pool.dialect {
            Dialect::MariaDb => "",
            Dialect::MySql => RESTORE_WAIT,
        };
        let text = RESTORE.replace("{wait}", wait).replace("{settings}", SETTINGS);
        Box::pin(async move {
            let rows = read(connection, text).await.map_err(|error| self.fault(error))?;
            match rows.last().map(|row| row.try_get::<i64, _>(0)).transpose() {
                Ok(Some(1)) => Ok(()),
                Ok(_) => Err(TxFault::Refused(StoreError::changed_settings())),
                Err(error) => Err(self.fault(error)),
            }
        })
    }

    fn forbids<'c>(&'c self, connection: &'c mut MySqlConnection) -> BoxFuture<'c, Result<bool, TxFault>> {
        const FORBIDS: &str = "SELECT CAST(/*M! @@SESSION.tx_read_only */ /*!80000 @@SESSION.transaction_read_only */ AS SIGNED)";
        Box::pin(async move {
            let row = sqlx::raw_sql(FORBIDS).fetch_one(connection).await;
            row.and_then(|row| row.try_get::<i64, _>(0)).map(|on| on != 0).map_err(|error| self.fault(error))
        })
    }

    /// In a deadlock, or where a lock takes too long (`innodb_rollback_on_timeout`).
    fn undoes_silently(&self) -> bool {
        true
    }

    fn fault(&self, error: sqlx::Error) -> TxFault {
        if let sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed = error {
            let message = "no connection for a transaction was to be had in time: raise max_connections, of the pool or \
                           of the server";
            return TxFault::Refused(
                StoreError::new(StoreErrorKind::Unavailable, message).with_source(error),
            );
        }
        TxFault::from(fault::fault(error))
    }

    /// What else the server says, such as 1180, does not tell whether an engine has committed.
    fn commit_fault(&self, error: sqlx::Error) -> CommitFault {
        // The driver has released a savepoint instead of committing: COMMIT knows none.
        let nested = number(&error) == Some(NO_SUCH_SAVEPOINT);
        let answered = number(&error).is_some();
        match TxFault::from(fault::fault(error)) {
            TxFault::Conflict(error) => CommitFault::Conflict(error),
            TxFault::Refused(error) if nested => CommitFault::Refused(error),
            TxFault::Refused(error) | TxFault::Misconfigured(error) if answered => {
                CommitFault::Unclear(error)
            }
            fault => CommitFault::Lost(fault.into_error()),
        }
    }
}

impl MySqlStore {
    /// Whether the mark of the transaction was there.
    async fn unmark(&self, connection: &mut MySqlConnection) -> Result<bool, TxFault> {
        match write(connection, UNMARK).await {
            Ok(()) => Ok(true),
            Err(error) if number(&error) == Some(NO_SUCH_SAVEPOINT) => Ok(false),
            Err(error) => Err(self.fault(error)),
        }
    }

    async fn claim_in(
        &self,
        connection: &mut MySqlConnection,
        permit: &CommitPermit,
        claim: &Claim,
        rivals: Rivals,
    ) -> Result<Claimed, TxFault> {
        let mut locked = false;
        let found = match self.look(connection, permit, claim, rivals).await {
            Ok(found) => found,
            Err(error) if number(&error) == Some(LOCKED) && rivals == Rivals::Tell => {
                // The rival may have been a replay, which locks the row as well.
                locked = true;
                let load = load(connection, &self.tx_pool.texts.load, claim);
                load.await.map_err(|error| self.fault(error))?
            }
            Err(error) => return Err(self.fault(error)),
        };
        let fresh = is_fresh(claim, &found);
        let clock = match &found {
            Found::Fresh(clock) | Found::Stands(_, clock) => Some((*clock, Instant::now())),
            Found::Nothing | Found::Unreadable(_) => None,
        };
        let rival = ClaimOutcome::InFlight { lease_left: Duration::ZERO };
        let (change, won) = match judge(claim, found) {
            // It could be claimed, but for the rival, who is not to be waited for.
            Judged::Decided(Ok(ClaimOutcome::Won(_))) | Judged::Changed(_, ClaimOutcome::Won(_))
                if locked =>
            {
                return Ok(Claimed::Decided(rival));
            }
            Judged::Decided(Ok(ClaimOutcome::Won(won))) if fresh => (None, won),
            // Running under this very nonce, and committed: an earlier transaction of this call was cut in two.
            Judged::Decided(Ok(ClaimOutcome::Won(_))) => {
                return Ok(Claimed::Decided(ClaimOutcome::Unknown));
            }
            Judged::Decided(Err(error)) => return Err(TxFault::Refused(error)),
            Judged::Changed(change, ClaimOutcome::Won(won)) => (Some(change), won),
            Judged::Gone => return Ok(Claimed::Decided(rival)),
            // What changes all the same, the sweep writes down.
            Judged::Decided(Ok(outcome)) | Judged::Changed(_, outcome) => {
                return Ok(Claimed::Decided(outcome));
            }
        };
        if let Some(change) = change
            && !self.rewrite(connection, &change).await.map_err(|error| self.fault(error))?
        {
            return Ok(Claimed::Decided(rival));
        }
        if rivals == Rivals::Tell && self.tx_pool.dialect == Dialect::MySql {
            self.known(connection, permit, format!("{WAIT_AS_BEFORE}{SESSION}")).await?;
        }
        Ok(Claimed::Won(HeldRow { clock, ..HeldRow::new(claim.address, won) }))
    }

    /// Writes the claim's record where there is none, and says what stands there.
    async fn look(
        &self,
        connection: &mut MySqlConnection,
        permit: &CommitPermit,
        claim: &Claim,
        rivals: Rivals,
    ) -> Result<Found, sqlx::Error> {
        let texts = &self.tx_pool.texts;
        let text = match rivals {
            Rivals::Tell => &texts.claim,
            Rivals::Await => &texts.claim_waiting,
        };
        let query = with_claim(sqlx::query(text.clone()), claim);
        match self.tx_pool.dialect {
            Dialect::MariaDb => {
                let rows = query.fetch_all(connection).await?;
                if rivals == Rivals::Tell {
                    know(permit, rows.first().and_then(|row| row.try_get("session").ok()));
                }
                Ok(first(&rows, claim))
            }
            Dialect::MySql => match query.execute(&mut *connection).await?.last_insert_id() {
                0 => load(connection, &texts.load_now, claim).await,
                fence => Ok(Found::Fresh(Timestamp::from_micros(fence))),
            },
        }
    }

    /// With the last row of `text`, the number of the session.
    async fn known(
        &self,
        connection: &mut MySqlConnection,
        permit: &CommitPermit,
        text: String,
    ) -> Result<(), TxFault> {
        let rows = read(connection, text).await.map_err(|error| self.fault(error))?;
        know(permit, rows.last().and_then(|row| row.try_get(0).ok()));
        Ok(())
    }

    /// For a record that may be run again. A claim never leaves a reply. False if it was changed meanwhile.
    async fn rewrite(&self, connection: &mut MySqlConnection, change: &Change) -> Result<bool, sqlx::Error> {
        let Some(after) = &change.after else { return Ok(true) };
        let (old, new) = (Row::of(&change.before), Row::of(after));
        let rewritten = with_row(sqlx::query(self.tx_pool.texts.rewrite.clone()), &new)
            .bind(change.address.as_bytes().as_slice())
            .bind(old.state)
            .bind(old.fence)
            .bind(old.nonce)
            .bind(old.until)
            .execute(connection)
            .await?;
        Ok(rewritten.rows_affected() == 1)
    }
}

/// Without the number, nothing is cancelled.
fn know(permit: &CommitPermit, session: Option<u64>) {
    if let Some(session) = session {
        permit.known_as(session);
    }
}

async fn load(connection: &mut MySqlConnection, text: &SqlStr, claim: &Claim) -> Result<Found, sqlx::Error> {
    let query = sqlx::query(text.clone()).bind(claim.address.as_bytes().as_slice());
    Ok(first(&query.fetch_all(connection).await?, claim))
}

/// Whether a claim's record was written just now: on MariaDB it comes back as any other, and its fence is the time of
/// the statement.
fn is_fresh(claim: &Claim, found: &Found) -> bool {
    match found {
        Found::Fresh(_) => true,
        Found::Stands(record, now) => {
            record.owner == Owner { fence: Fence::from_u64(now.as_micros()), nonce: claim.nonce }
        }
        Found::Nothing | Found::Unreadable(_) => false,
    }
}

fn first(rows: &[MySqlRow], claim: &Claim) -> Found {
    let found = place(rows, std::iter::once(claim.address)).map(|mut found| found.pop());
    match found {
        Ok(found) => found.unwrap_or(Found::Nothing),
        Err(fault) => Found::Unreadable(fault.into_failure().to_error()),
    }
}

async fn write(connection: &mut MySqlConnection, text: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(text).execute(connection).await.map(drop)
}

async fn read(connection: &mut MySqlConnection, text: String) -> Result<Vec<MySqlRow>, sqlx::Error> {
    // Made of constants.
    sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(connection).await
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}
