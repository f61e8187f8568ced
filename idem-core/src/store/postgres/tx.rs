//! Records that ride in the application's transactions.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgDatabaseError, PgRow, PgSeverity};
use sqlx::{AssertSqlSafe, Connection, Postgres, Row as _, Transaction};

use super::args::{self, Arg};
use super::fault;
use super::statements::{FRESH, Statement};
use super::store::PostgresStore;
use crate::clock::Timestamp;
use crate::protocol::{Claim, ClaimOutcome, Fence, Owner, Won};
use crate::reply::Reply;
use crate::store::remote::claims::{Judged, judge};
use crate::store::remote::driver::{Found, micros, signed};
use crate::store::remote::failure::Fault;
use crate::store::sql::{Fields, TableName, found};
use crate::store::{
    Begin, BeginClaiming, BoxFuture, Claimed, CommitFault, CommitPermit, Completed, HeldRow, Left, Rivals,
    StoreError, StoreErrorKind, TxBackend, TxConnection, TxFault,
};
use crate::store::{Isolation, Sealed, TxStore};

impl Sealed for PostgresStore {}

impl TxStore for PostgresStore {
    type Database = Postgres;
}

/// The statements with the table's name filled in.
#[derive(Debug)]
pub(super) struct TxStatements {
    /// Advisory locks belong to the whole database: this tells tables apart.
    table: u64,
    claim_new: Statement,
    claim: Statement,
    claim_waiting: Statement,
    claim_here: Statement,
    finish: Statement,
    holds: Statement,
    /// Connections of the pool are the server's own, and not those of a pooler.
    direct: bool,
}

impl TxStatements {
    pub(super) fn new(name: &TableName, direct: bool) -> Self {
        // Behind a pooler a session is others' as well: its settings are neither looked at nor changed.
        let (see, end) =
            if direct { (format!(", {SEE}"), format!(", {ALLOW}, {SAME}")) } else { Default::default() };
        let settings =
            |text: &str| text.replace("{see}", &see).replace("{end}", &end).replace("{settings}", SETTINGS);
        let claim = settings(CLAIM).replace("{fresh}", FRESH);
        let table = blake3::hash(name.to_string().as_bytes());
        Self {
            table: first_bytes(table.as_bytes()),
            claim_new: Statement::new(name, &settings(CLAIM_NEW)),
            claim: Statement::new(name, &claim.replace("{turn}", "pg_try_advisory_xact_lock($)")),
            claim_waiting: Statement::new(
                name,
                &claim.replace("{turn}", "coalesce(pg_advisory_xact_lock($)::text, '') = ''"),
            ),
            claim_here: Statement::new(
                name,
                "SELECT {table_claim_here_5}($, $, $, $, $, $, $, $, $, $, $, $)",
            ),
            finish: Statement::new(name, &settings("SELECT {table_finish_here}($, $, $, $, $){end}")),
            holds: Statement::new(name, "SELECT {table_holds_here}($, $)"),
            direct,
        }
    }

    /// The number of the advisory lock. Made of digests, so two keys share one as good as never, and then one of them is
    /// told to come again.
    fn turn(&self, claim: &Claim) -> i64 {
        (first_bytes(claim.address.as_bytes()) ^ self.table).cast_signed()
    }
}

/// Writes a record where there is none. A lock that ends with the transaction tells rivals apart at once, for an
/// insertion alone would wait for theirs to end.
/// <https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>
///
/// What nearly every claim needs, and nothing else: [`CLAIM`], whose plan has ten times the nodes, costs half as much again.
const CLAIM_NEW: &str = "\
INSERT INTO {table} AS t (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe, digest, \
label, key_hint, handler_retention, handler_lease, namespace, reply) \
SELECT c.clock, c.clock + $, c.clock, 1, 1, 1, $, $, $, $, $, $, $, $, $, $, '' \
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock OFFSET 0) c \
WHERE pg_try_advisory_xact_lock($) \
ON CONFLICT (address) DO NOTHING RETURNING t.fence{see}";

/// The same, and shows what stands there where it could not.
const CLAIM: &str = "\
WITH turn AS MATERIALIZED (SELECT {turn} AS mine), \
fresh AS (\
    INSERT INTO {table} AS t (fence, until, created, attempts, format, state, address, nonce, after_crash, recipe, digest, \
    label, key_hint, handler_retention, handler_lease, namespace, reply) \
    SELECT c.clock, c.clock + $, c.clock, 1, 1, 1, $, $, $, $, $, $, $, $, $, $, '' \
    FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock OFFSET 0) c \
    CROSS JOIN turn WHERE turn.mine \
    ON CONFLICT (address) DO NOTHING RETURNING t.fence, t.address\
), seen AS ({fresh} WHERE NOT EXISTS (SELECT FROM fresh)) \
SELECT turn.mine, seen.*{see} FROM turn LEFT JOIN seen ON true";

/// Nothing that follows the end of the transaction may commit by itself: every transaction of the session is read-only, but
/// for the one that is begun here. A setting that is made within a transaction would be undone with it, so this one has a
/// transaction of its own, in the same message.
const FORBID: &str = "\
BEGIN; SELECT set_config('idem.read_only', current_setting('default_transaction_read_only'), false), \
set_config('default_transaction_read_only', 'on', false); COMMIT; ";
/// As it was before. With the COMMIT of the transaction in which it stands.
const ALLOW: &str = "set_config('default_transaction_read_only', \
coalesce(nullif(current_setting('idem.read_only', true), ''), 'off'), false)";

/// How long the server waits for the next statement, in milliseconds, unless the session has a shorter time; and a lock
/// that no other transaction has, by which a canceller finds this one.
/// <https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT>
const KEEP: &str = "\
SELECT set_config('idle_in_transaction_session_timeout', \
CASE WHEN current_setting('idle_in_transaction_session_timeout')::interval BETWEEN '1ms' AND '{idle}ms' \
THEN current_setting('idle_in_transaction_session_timeout') ELSE '{idle}ms' END, true), pg_try_advisory_xact_lock({number})";

/// Of a transaction without a record.
const MARK: &str = "SAVEPOINT idem_tx";
const UNMARK: &str = "RELEASE SAVEPOINT idem_tx";
/// Succeeds in a transaction that has failed, too.
const TO_MARK: &str = "ROLLBACK TO SAVEPOINT idem_tx";

/// The settings of a session that decide what statements mean or who sends them. One that a handler leaves changed would
/// be the next caller's.
const SETTINGS: &str = "\
concat_ws(',', current_setting('search_path'), current_setting('role'), session_user, current_setting('TimeZone'), \
current_setting('DateStyle'), current_setting('IntervalStyle'), current_setting('bytea_output'), \
current_setting('statement_timeout'), current_setting('lock_timeout'), \
current_setting('default_transaction_isolation'), \
current_setting('default_transaction_deferrable'), current_setting('synchronous_commit'), \
current_setting('session_replication_role'), current_setting('row_security'), current_setting('client_encoding'), \
current_setting('standard_conforming_strings'), current_setting('work_mem'), current_setting('application_name'), \
current_setting('idle_session_timeout', true), current_setting('transaction_timeout', true))";
/// Keeps them, with the COMMIT.
const SEE: &str = "set_config('idem.settings', {settings}, false)";
/// Whether they are as they were.
const SAME: &str = "current_setting('idem.settings', true) IS NOT DISTINCT FROM {settings}";

/// How often a claim is made whose record was reaped, or swept, between two of its statements.
const TRIES: u32 = 3;

const RIVAL: ClaimOutcome = ClaimOutcome::InFlight { lease_left: Duration::ZERO };

/// The columns of [`CLAIM`]: whether it is our turn, then clock, address and record.
const MINE: usize = 0;
const CLOCK: usize = 1;
const RECORD: usize = 3;
const STATE: usize = 4;

impl TxBackend<Postgres> for PostgresStore {
    fn connection(&self) -> BoxFuture<'_, Result<TxConnection<Postgres>, TxFault>> {
        Box::pin(async {
            let connection = self.pool().acquire().await.map_err(|error| match error {
                error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => self.fault(error),
                error => TxFault::from(fault::unreached(error)),
            })?;
            // A pooler may have given the server's connection to another caller by the time of a cancellation.
            let canceller = self.is_direct().then(|| self.remote.canceller());
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
                _ => self.fault(error),
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
        let tx_statements = self.remote.driver().tx_statements();
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
                    Ok(Some((tx, HeldRow { address, nonce, fence: None, attempts: 1, clock: None })))
                }
                Err(error) if is_not_fresh(&error) => Ok(None),
                Err(error) => Err(self.fault(error)),
            }
        })
    }

    fn clear<'c>(&'c self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<(), TxFault>> {
        Box::pin(async move {
            let done = sqlx::raw_sql("ROLLBACK").execute(connection).await;
            done.map(drop).map_err(|error| self.fault(error))
        })
    }

    fn claim<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        _: &'c CommitPermit,
        claim: &'c Claim,
        rivals: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>> {
        Box::pin(async move { self.claim_in(connection, claim, rivals).await.map_err(TxFault::from) })
    }

    fn complete<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<Completed, TxFault>> {
        Box::pin(async move {
            let driver = self.remote.driver();
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
            completed(rows.first(), self.is_direct()).map_err(|error| self.fault(error))
        })
    }

    fn takes<'c>(&'c self, _: &'c mut PgConnection, bytes: usize) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move { Ok(fault::fits(bytes)) })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        held: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let driver = self.remote.driver();
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
                    return completed(rows.last(), self.is_direct()).map_err(|error| self.fault(error));
                }
                Err(error) => error,
            };
            match code(&error).as_deref() {
                Some(NO_SUCH_SAVEPOINT | NO_TRANSACTION) => Ok(Completed::NotOurs),
                Some(FAILED) => match sqlx::raw_sql(TO_MARK).execute(connection).await {
                    Err(other) if code(&other).as_deref() == Some(NO_SUCH_SAVEPOINT) => {
                        Ok(Completed::NotOurs)
                    }
                    Ok(_) | Err(_) => Err(self.fault(error)),
                },
                _ => Err(self.fault(error)),
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
                return allowed.map(drop).map_err(|error| self.fault(error));
            }
            // Made of constants.
            let same = AssertSqlSafe(format!("SELECT {}", SAME.replace("{settings}", SETTINGS)));
            let same: bool = sqlx::query_scalar(same)
                .persistent(false)
                .fetch_one(connection)
                .await
                .map_err(|error| self.fault(error))?;
            if same { Ok(()) } else { Err(TxFault::Refused(StoreError::changed_settings())) }
        })
    }

    fn forbids<'c>(&'c self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<bool, TxFault>> {
        const FORBIDS: &str = "SELECT current_setting('default_transaction_read_only') = 'on'";
        Box::pin(async move {
            let row = sqlx::raw_sql(FORBIDS).fetch_one(connection).await;
            row.and_then(|row| row.try_get(0)).map_err(|error| self.fault(error))
        })
    }

    /// Through a pooler, whose sessions cannot be kept from it.
    fn lets_slip(&self) -> bool {
        !self.is_direct()
    }

    fn fault(&self, error: sqlx::Error) -> TxFault {
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
    fn commit_fault(&self, error: sqlx::Error) -> CommitFault {
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
}

/// `invalid_savepoint_specification`.
const NO_SUCH_SAVEPOINT: &str = "3B001";
/// `no_active_sql_transaction`.
const NO_TRANSACTION: &str = "25P01";
/// `in_failed_sql_transaction`.
const FAILED: &str = "25P02";

fn code(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code)
}

/// Whether it was done; then comes, on a session of the server's own, the permission to write, and whether the settings are
/// as they were.
fn completed(row: Option<&PgRow>, direct: bool) -> Result<Completed, sqlx::Error> {
    let Some(row) = row else { return Ok(Completed::NotOurs) };
    if !row.try_get::<Option<bool>, _>(0)?.unwrap_or(false) {
        return Ok(Completed::NotOurs);
    }
    Ok(Completed::Done { settings_kept: !direct || row.try_get(2)? })
}

impl PostgresStore {
    fn is_direct(&self) -> bool {
        self.remote.driver().tx_statements().direct
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

    async fn claim_in(
        &self,
        connection: &mut PgConnection,
        claim: &Claim,
        rivals: Rivals,
    ) -> Result<Claimed, Fault> {
        let driver = self.remote.driver();
        let turn = || [Arg::Big(Some(driver.tx_statements().turn(claim)))];
        if rivals == Rivals::Tell {
            let args: Vec<_> = args::of_claim(claim).into_iter().chain(turn()).collect();
            let rows = driver.rows(connection, &driver.tx_statements().claim_new, &args).await?;
            if let Some(fence) = rows.first().and_then(|row| row.int(0)).and_then(|at| u64::try_from(at).ok())
            {
                let owner = Owner { fence: Fence::from_u64(fence), nonce: claim.nonce };
                return Ok(Claimed::Won(HeldRow::new(claim.address, Won { owner, attempts: 1 })));
            }
        }
        let address: &[u8] = claim.address.as_bytes();
        let args: Vec<_> =
            turn().into_iter().chain(args::of_claim(claim)).chain([Arg::AllBytes(vec![address])]).collect();
        let statement = match rivals {
            Rivals::Tell => &driver.tx_statements().claim,
            Rivals::Await => &driver.tx_statements().claim_waiting,
        };
        let mut tries = TRIES;
        loop {
            let rows = driver.rows(connection, statement, &args).await?;
            let Some(row) = rows.first() else { return Err(fault::silent()) };
            let mine: bool = row.try_get(MINE).map_err(fault::fault)?;
            let clock =
                row.int(CLOCK).and_then(|clock| u64::try_from(clock).ok()).map(Timestamp::from_micros);
            let seen = match clock {
                None => Found::Nothing,
                Some(now) if row.int(STATE).is_none() => Found::Fresh(now),
                Some(now) => found(row, RECORD, claim.address, now),
            };
            tries -= 1;
            match self.judge(connection, claim, mine, seen).await? {
                Some(claimed) => return Ok(claimed),
                None if tries == 0 => return Ok(Claimed::Decided(RIVAL)),
                None => {}
            }
        }
    }

    /// What is there decides, and a record that may be run again is written by the statement that every other such
    /// claim uses, under the lock of this transaction. `None` if it has moved meanwhile: only upkeep does that to it.
    async fn judge(
        &self,
        connection: &mut PgConnection,
        claim: &Claim,
        mine: bool,
        seen: Found,
    ) -> Result<Option<Claimed>, Fault> {
        let fresh = matches!(seen, Found::Fresh(_));
        Ok(Some(match judge(claim, seen) {
            Judged::Decided(Ok(ClaimOutcome::Won(won))) if fresh => {
                Claimed::Won(HeldRow::new(claim.address, won))
            }
            // Running under this very nonce, and committed: an earlier transaction of this call was cut in two.
            Judged::Decided(Ok(ClaimOutcome::Won(_))) => Claimed::Decided(ClaimOutcome::Unknown),
            Judged::Decided(Err(error)) => return Err(fault::damaged(&error)),
            Judged::Gone if mine => return Ok(None),
            Judged::Changed(change, ClaimOutcome::Won(won)) if mine => {
                if !self.remote.driver().change_on(connection, &change).await? {
                    return Ok(None);
                }
                Claimed::Won(HeldRow::new(claim.address, won))
            }
            Judged::Changed(_, ClaimOutcome::Won(_)) | Judged::Gone => Claimed::Decided(RIVAL),
            // What changes all the same, the sweep writes down.
            Judged::Decided(Ok(outcome)) | Judged::Changed(_, outcome) => Claimed::Decided(outcome),
        }))
    }
}

/// What the function of the claim says when there is a record or a rival.
fn is_not_fresh(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("IDEM1")
}

fn first_bytes(digest: &[u8; 32]) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
