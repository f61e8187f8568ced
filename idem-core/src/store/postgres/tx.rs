//! Records in the application's transactions.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection, Postgres, Row as _, Transaction};

use super::args::{self, Arg};
use super::driver;
use super::fault::{fits, unreached};
use super::tx_claim::claim_in;
use super::tx_fault::{code, commit_fault, fault};
use super::tx_statements::{ALLOW, FORBID, KEEP, MARK, SAME, SEE, SETTINGS, TO_MARK, UNMARK};
use crate::protocol::Claim;
use crate::reply::Reply;
use crate::store::remote::driver::{micros, signed};
use crate::store::{
    Begin, BeginClaiming, BoxFuture, Cancel, Claimed, CommitFault, CommitPermit, Completed, HeldRow,
    Isolation, Left, Rivals, StoreError, StoreErrorKind, TxBackend, TxConnection, TxFault,
};

/// Rides in transactions of the application's pool, or of one of its own.
pub(super) struct PostgresTxBackend {
    driver: Arc<driver::Postgres>,
    canceller: Arc<dyn Cancel>,
    /// Whose connections `#[tx]` handlers get.
    pool: OnceLock<PgPool>,
    claim_with_begin: bool,
}

impl PostgresTxBackend {
    pub(super) fn new(
        driver: Arc<driver::Postgres>,
        canceller: Arc<dyn Cancel>,
        pool: Option<PgPool>,
        claim_with_begin: bool,
    ) -> Self {
        Self { driver, canceller, pool: pool.map_or_else(OnceLock::new, OnceLock::from), claim_with_begin }
    }

    /// The pool that the store was given, or one of its own.
    fn pool(&self) -> &PgPool {
        self.pool.get_or_init(|| PgPoolOptions::new().connect_lazy_with(self.driver.options().clone()))
    }
}

impl fmt::Debug for PostgresTxBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTxBackend").finish_non_exhaustive()
    }
}

impl TxBackend<Postgres> for PostgresTxBackend {
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<Postgres>, TxFault>> {
        Box::pin(async {
            let connection = self.pool().acquire().await.map_err(|error| match error {
                error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => fault(error),
                error => TxFault::from(unreached(error)),
            })?;
            // A pooler may have given the server's connection to another caller by the time of a cancellation.
            let canceller = self.is_direct().then(|| Arc::clone(&self.canceller));
            Ok(TxConnection::on_server(connection, canceller))
        })
    }

    fn begin<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        permit: &'c Arc<CommitPermit>,
        begin: Begin,
    ) -> BoxFuture<'c, Result<Transaction<'c, Postgres>, TxFault>> {
        let (mut text, number) = self.begin_text(begin);
        if begin.claim.is_none() {
            text.push_str("; ");
            text.push_str(MARK);
            if self.is_direct() {
                text.push_str("; SELECT ");
                text.push_str(&SEE.replace("{settings}", SETTINGS));
            }
        }
        // Made of constants.
        let text = AssertSqlSafe(text);
        Box::pin(async move {
            permit.known_as(number);
            connection.begin_with(text).await.map_err(|error| match code(&error).as_deref() {
                // "cannot set transaction read-write mode during recovery"
                Some("0A000") => {
                    let message = "PostgreSQL takes no writes: is this a replica, or in recovery? Connect to the primary";
                    TxFault::Refused(StoreError::new(StoreErrorKind::Unavailable, message).with_source(error))
                }
                _ => fault(error),
            })
        })
    }

    fn claims_with_begin(&self) -> bool {
        self.claim_with_begin
    }

    fn begin_claiming<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        permit: &'c CommitPermit,
        begin: Begin,
        claim: &'c Claim,
    ) -> BeginClaiming<'c, Postgres> {
        let tx_statements = self.driver.tx_statements();
        let turn = [Arg::Big(Some(tx_statements.turn(claim)))];
        let args: Vec<_> = turn.into_iter().chain(args::of_claim(claim)).collect();
        // Every argument is a number or hexadecimal digits.
        let see = if tx_statements.direct {
            format!("; SELECT {}", SEE.replace("{settings}", SETTINGS))
        } else {
            String::new()
        };
        let (begin, number) = self.begin_text(begin);
        let text = AssertSqlSafe(format!("{begin}{see}; {}", tx_statements.claim_here.written(&args)));
        Box::pin(async move {
            permit.known_as(number);
            match connection.begin_with(text).await {
                Ok(tx) => {
                    let (address, nonce) = (claim.address, claim.nonce);
                    Ok(Some((
                        tx,
                        HeldRow { address, nonce, fence: None, attempts: 1, took_over: false, clock: None },
                    )))
                }
                Err(error) if is_not_fresh(&error) => Ok(None),
                Err(error) => Err(fault(error)),
            }
        })
    }

    fn clear<'c>(&'c self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<(), TxFault>> {
        Box::pin(async move {
            let done = sqlx::raw_sql("ROLLBACK").execute(connection).await;
            done.map(drop).map_err(fault)
        })
    }

    fn claim<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        _: &'c CommitPermit,
        claim: &'c Claim,
        rivals: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>> {
        Box::pin(
            async move { claim_in(&self.driver, connection, claim, rivals).await.map_err(TxFault::from) },
        )
    }

    fn complete<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<Completed, TxFault>> {
        Box::pin(async move {
            let driver = &self.driver;
            let args = [
                Arg::Bytes(Some(held.address.as_bytes())),
                Arg::Big(held.fence.map(|fence| signed(fence.as_u64()))),
                Arg::Bytes(Some(held.nonce.as_bytes())),
                Arg::Big(Some(micros(retention))),
                Arg::Bytes(Some(reply.as_bytes())),
            ];
            let rows = driver
                .rows(connection, &driver.tx_statements().finish, &args)
                .await
                .map_err(TxFault::from)?;
            completed(rows.first(), self.is_direct()).map_err(fault)
        })
    }

    fn takes<'c>(&'c self, _: &'c mut PgConnection, bytes: usize) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move { Ok(fits(bytes)) })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        held: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let driver = &self.driver;
            let args = [Arg::Bytes(Some(held.address.as_bytes())), Arg::Bytes(Some(held.nonce.as_bytes()))];
            driver.holds(connection, &driver.tx_statements().holds, &args).await.map_err(TxFault::from)
        })
    }

    /// COMMIT of a transaction in which a statement failed rolls back, and says so in a way that the driver takes for
    /// success. Any other statement is refused.
    fn is_whole<'c>(&'c self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<Completed, TxFault>> {
        let text = if self.is_direct() {
            let same = SAME.replace("{settings}", SETTINGS);
            format!("{UNMARK}; SELECT true, {ALLOW}, {same}")
        } else {
            format!("{UNMARK}; SELECT true")
        };
        // Made of constants.
        let text = AssertSqlSafe(text);
        Box::pin(async move {
            let error = match sqlx::raw_sql(text).fetch_all(&mut *connection).await {
                Ok(rows) => {
                    return completed(rows.last(), self.is_direct()).map_err(fault);
                }
                Err(error) => error,
            };
            match code(&error).as_deref() {
                Some(NO_SUCH_SAVEPOINT | NO_TRANSACTION) => Ok(Completed::NotOurs),
                Some(FAILED) => match sqlx::raw_sql(TO_MARK).execute(connection).await {
                    Err(other) if code(&other).as_deref() == Some(NO_SUCH_SAVEPOINT) => {
                        Ok(Completed::NotOurs)
                    }
                    Ok(_) | Err(_) => Err(fault(error)),
                },
                _ => Err(fault(error)),
            }
        })
    }

    fn leaves_traces(&self, left: Left) -> bool {
        self.is_direct() && matches!(left, Left::Changed | Left::RolledBack)
    }

    /// What a transaction has set is undone with it, but for what was set before it began.
    fn restore<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        _: &'c CommitPermit,
        left: Left,
    ) -> BoxFuture<'c, Result<(), TxFault>> {
        Box::pin(async move {
            if left != Left::Changed {
                let allow = AssertSqlSafe(format!("SELECT {ALLOW}"));
                let allowed = sqlx::raw_sql(allow).execute(connection).await;
                return allowed.map(drop).map_err(fault);
            }
            // Made of constants.
            let same = AssertSqlSafe(format!("SELECT {}", SAME.replace("{settings}", SETTINGS)));
            let same: bool =
                sqlx::query_scalar(same).persistent(false).fetch_one(connection).await.map_err(fault)?;
            if same { Ok(()) } else { Err(TxFault::Refused(StoreError::changed_settings())) }
        })
    }

    fn forbids<'c>(&'c self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<bool, TxFault>> {
        const FORBIDS: &str = "SELECT current_setting('default_transaction_read_only') = 'on'";
        Box::pin(async move {
            // The sessions of a pooler cannot be kept from writes.
            if !self.is_direct() {
                return Ok(false);
            }
            let row = sqlx::raw_sql(FORBIDS).fetch_one(connection).await;
            row.and_then(|row| row.try_get(0)).map_err(fault)
        })
    }

    fn commit_fault(&self, error: sqlx::Error) -> CommitFault {
        commit_fault(error)
    }
}

/// `invalid_savepoint_specification`.
const NO_SUCH_SAVEPOINT: &str = "3B001";
/// `no_active_sql_transaction`.
const NO_TRANSACTION: &str = "25P01";
/// `in_failed_sql_transaction`.
const FAILED: &str = "25P02";

/// Whether it was done; then comes, on a session of the server's own, the permission to write, and whether the settings are
/// as they were.
fn completed(row: Option<&PgRow>, direct: bool) -> Result<Completed, sqlx::Error> {
    let Some(row) = row else { return Ok(Completed::NotOurs) };
    if !row.try_get::<Option<bool>, _>(0)?.unwrap_or(false) {
        return Ok(Completed::NotOurs);
    }
    Ok(Completed::Done { settings_kept: !direct || row.try_get(2)? })
}

impl PostgresTxBackend {
    fn is_direct(&self) -> bool {
        self.driver.tx_statements().direct
    }

    /// With the number by which the server knows the transaction.
    fn begin_text(&self, begin: Begin) -> (String, u64) {
        let level = match begin.isolation {
            None => "",
            Some(Isolation::ReadCommitted) => " ISOLATION LEVEL READ COMMITTED",
            Some(Isolation::RepeatableRead) => " ISOLATION LEVEL REPEATABLE READ",
            Some(Isolation::Serializable) => " ISOLATION LEVEL SERIALIZABLE",
        };
        // The server counts milliseconds in 31 bits.
        let idle = begin.idle().as_millis().min(1 << 30).to_string();
        let number = fastrand::u64(1..);
        let keep = KEEP.replace("{idle}", &idle).replace("{number}", &number.cast_signed().to_string());
        let text = if self.is_direct() {
            format!("{FORBID}BEGIN READ WRITE{level}; {keep}")
        } else {
            format!("BEGIN{level}; {keep}")
        };
        (text, number)
    }
}

/// What the function of the claim says when there is a record or a rival.
fn is_not_fresh(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("IDEM1")
}
