//! Records in the application's transactions.
//!
//! Every connection of the pool may have other settings, so what begins a transaction sets what it needs. All values are
//! bound: the driver, and the server, may log the text of a statement.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::mysql::{MySql, MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Row as _, Transaction};

use super::dialect::Dialect;
use super::fault::unreached;
use super::tx_claim::{claim_in, known};
use super::tx_fault::{commit_fault, fault, number};
use super::tx_statements::{
    BEGIN, KEEP, NO_SUCH_SAVEPOINT, NOT_OURS, RESTORE, RESTORE_WAIT, SESSION, SETTINGS, Texts, UNMARK,
    WAIT_LITTLE, read,
};
use crate::clock::Timestamp;
use crate::protocol::Claim;
use crate::reply::Reply;
use crate::store::remote::driver::{micros, signed};
use crate::store::sql::TableName;
use crate::store::{
    Begin, BoxFuture, Cancel, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Isolation, Left,
    Rivals, StoreError, TxBackend, TxConnection, TxFault,
};

/// Rides in transactions of the application's pool, or of one of its own.
pub(super) struct MySqlTxBackend {
    texts: Texts,
    dialect: Dialect,
    options: MySqlConnectOptions,
    /// Whose connections `#[tx]` handlers get.
    pool: OnceLock<MySqlPool>,
    canceller: Arc<dyn Cancel>,
}

impl MySqlTxBackend {
    pub(super) fn new(
        name: &TableName,
        dialect: Dialect,
        options: MySqlConnectOptions,
        pool: Option<MySqlPool>,
        canceller: Arc<dyn Cancel>,
    ) -> Self {
        let pool = pool.map_or_else(OnceLock::new, OnceLock::from);
        Self { texts: Texts::new(name, dialect), dialect, options, pool, canceller }
    }

    /// The pool that the store was given, or one of its own.
    fn pool(&self) -> &MySqlPool {
        self.pool.get_or_init(|| MySqlPoolOptions::new().connect_lazy_with(self.options.clone()))
    }
}

impl fmt::Debug for MySqlTxBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlTxBackend").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

/// In seconds, what `wait_timeout` takes: a year, or 24 days on Windows.
const LONGEST_WAIT: u64 = 2_147_483;

impl TxBackend<MySql> for MySqlTxBackend {
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<MySql>, TxFault>> {
        Box::pin(async {
            let connection = self.pool().acquire().await.map_err(|error| match error {
                error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => fault(error),
                error => TxFault::from(unreached(error)),
            })?;
            Ok(TxConnection::on_server(connection, Some(Arc::clone(&self.canceller))))
        })
    }

    fn begin<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        permit: &'c Arc<CommitPermit>,
        begin: Begin,
    ) -> BoxFuture<'c, Result<Transaction<'c, MySql>, TxFault>> {
        let wait = match (self.dialect, begin.claim) {
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
            let mut tx = connection.begin_with(statement).await.map_err(fault)?;
            // Where there is a claim, the claim tells.
            if begin.claim.is_none() {
                known(&mut tx, permit, SESSION.to_owned()).await?;
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
        Box::pin(claim_in(&self.texts, self.dialect, connection, permit, claim, rivals))
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
            let finish = sqlx::query(self.texts.finish.clone())
                .bind(signed(until.as_micros()))
                .bind(reply.as_bytes())
                .bind(held.address.as_bytes().as_slice())
                .bind(held.fence.map_or(0, |fence| signed(fence.as_u64())))
                .bind(held.nonce.as_bytes().as_slice());
            match finish.execute(connection).await {
                // `restore` looks at the settings.
                Ok(done) if done.rows_affected() == 1 => Ok(Completed::Done { settings_kept: true }),
                // In a deadlock, or where a lock takes too long (`innodb_rollback_on_timeout`).
                Ok(_) => Ok(Completed::Undone),
                Err(error) if number(&error) == Some(NOT_OURS) => Ok(Completed::Undone),
                Err(error) => Err(fault(error)),
            }
        })
    }

    fn takes<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        bytes: usize,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let most =
                sqlx::raw_sql("SELECT CAST(@@max_allowed_packet AS SIGNED)").fetch_one(connection).await;
            let most: i64 = most.and_then(|row| row.try_get(0)).map_err(fault)?;
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
            Ok(if whole { Completed::Done { settings_kept: true } } else { Completed::Undone })
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
        let wait = match self.dialect {
            Dialect::MariaDb => "",
            Dialect::MySql => RESTORE_WAIT,
        };
        let text = RESTORE.replace("{wait}", wait).replace("{settings}", SETTINGS);
        Box::pin(async move {
            let rows = read(connection, text).await.map_err(fault)?;
            match rows.last().map(|row| row.try_get::<i64, _>(0)).transpose() {
                Ok(Some(1)) => Ok(()),
                Ok(_) => Err(TxFault::Refused(StoreError::changed_settings())),
                Err(error) => Err(fault(error)),
            }
        })
    }

    fn forbids<'c>(&'c self, connection: &'c mut MySqlConnection) -> BoxFuture<'c, Result<bool, TxFault>> {
        const FORBIDS: &str = "SELECT CAST(/*M! @@SESSION.tx_read_only */ /*!80000 @@SESSION.transaction_read_only */ AS SIGNED)";
        Box::pin(async move {
            let row = sqlx::raw_sql(FORBIDS).fetch_one(connection).await;
            row.and_then(|row| row.try_get::<i64, _>(0)).map(|on| on != 0).map_err(fault)
        })
    }

    fn commit_fault(&self, error: sqlx::Error) -> CommitFault {
        commit_fault(error)
    }
}

impl MySqlTxBackend {
    /// Whether the mark of the transaction was there.
    async fn unmark(&self, connection: &mut MySqlConnection) -> Result<bool, TxFault> {
        match write(connection, UNMARK).await {
            Ok(()) => Ok(true),
            Err(error) if number(&error) == Some(NO_SUCH_SAVEPOINT) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }
}

async fn write(connection: &mut MySqlConnection, text: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(text).execute(connection).await.map(drop)
}
