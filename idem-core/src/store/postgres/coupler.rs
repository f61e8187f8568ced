//! Records that ride in the application's transactions.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Postgres, Row as _, Transaction};

use super::args::{self, Arg};
use super::fault;
use super::statements::{FRESH, Statement};
use super::store::PostgresStore;
use crate::protocol::{Claim, ClaimOutcome, Fence, Owner, Won};
use crate::reply::Reply;
use crate::store::remote::claims::{Judged, judge};
use crate::store::remote::driver::{Found, micros, signed};
use crate::store::remote::failure::Fault;
use crate::store::sql::{Fields, TableName, found};
use crate::store::{
    BeginClaiming, BoxFuture, Claimed, Coupler, Gate, HeldRow, Rivals, Seat, StoreError, StoreErrorKind,
    TxFault,
};
use crate::time::Timestamp;
use crate::tx::{Isolation, Sealed, TxStore};

impl Sealed for PostgresStore {}

impl TxStore for PostgresStore {
    type Database = Postgres;
}

/// The statements with the table's name filled in.
#[derive(Debug)]
pub(super) struct Coupled {
    /// Advisory locks belong to the whole database: this tells tables apart.
    table: u64,
    claim_new: Statement,
    claim: Statement,
    claim_waiting: Statement,
    claim_here: Statement,
    finish: Statement,
    holds: Statement,
}

impl Coupled {
    pub(super) fn new(name: &TableName) -> Self {
        let claim = CLAIM.replace("{fresh}", FRESH);
        let table = blake3::hash(name.to_string().as_bytes());
        Self {
            table: first_bytes(table.as_bytes()),
            claim_new: Statement::new(name, CLAIM_NEW),
            claim: Statement::new(name, &claim.replace("{turn}", "pg_try_advisory_xact_lock($)")),
            claim_waiting: Statement::new(
                name,
                &claim.replace("{turn}", "coalesce(pg_advisory_xact_lock($)::text, '') = ''"),
            ),
            claim_here: Statement::new(
                name,
                "SELECT {table_claim_here_5}($, $, $, $, $, $, $, $, $, $, $, $)",
            ),
            finish: Statement::new(name, "SELECT {table_finish_here}($, $, $, $, $)"),
            holds: Statement::new(name, "SELECT {table_holds_here}($, $)"),
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
ON CONFLICT (address) DO NOTHING RETURNING t.fence";

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
SELECT turn.mine, seen.* FROM turn LEFT JOIN seen ON true";

/// How often a claim is made whose record was reaped, or swept, between two of its statements.
const TRIES: u32 = 3;

const RIVAL: ClaimOutcome = ClaimOutcome::InFlight { lease_left: Duration::ZERO };

/// The columns of [`CLAIM`]: whether it is our turn, then clock, address and record.
const MINE: usize = 0;
const CLOCK: usize = 1;
const RECORD: usize = 3;
const STATE: usize = 4;

impl Coupler<Postgres> for PostgresStore {
    fn seat(&self) -> BoxFuture<'_, Result<Seat<Postgres>, TxFault>> {
        Box::pin(async {
            let connection = self.pool().acquire().await.map_err(|error| match error {
                error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => self.fault(error),
                error => of(fault::unreached(error)),
            })?;
            Ok(Seat::new(connection, None))
        })
    }

    fn begin<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        _: &'c Arc<Gate>,
        isolation: Option<Isolation>,
    ) -> BoxFuture<'c, Result<Transaction<'c, Postgres>, TxFault>> {
        Box::pin(
            async move { connection.begin_with(begin(isolation)).await.map_err(|error| self.fault(error)) },
        )
    }

    fn claims_with_begin(&self) -> bool {
        self.claim_with_begin
    }

    fn begin_claiming<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        isolation: Option<Isolation>,
        claim: &'c Claim,
    ) -> BeginClaiming<'c, Postgres> {
        let coupled = self.remote.driver().coupled();
        let turn = [Arg::Big(Some(coupled.turn(claim)))];
        let args: Vec<_> = turn.into_iter().chain(args::of_claim(claim)).collect();
        // Every argument is a number or hexadecimal digits.
        let text = AssertSqlSafe(format!("{}; {}", begin(isolation), coupled.claim_here.written(&args)));
        Box::pin(async move {
            match connection.begin_with(text).await {
                Ok(tx) => Ok(Some((
                    tx,
                    HeldRow { address: claim.address, nonce: claim.nonce, fence: None, attempts: 1 },
                ))),
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
        claim: &'c Claim,
        rivals: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>> {
        Box::pin(async move { self.claim_in(connection, claim, rivals).await.map_err(of) })
    }

    fn complete<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let driver = self.remote.driver();
            let args = [
                Arg::Bytes(Some(held.address.as_bytes())),
                Arg::Big(held.fence.map(|fence| signed(fence.as_u64()))),
                Arg::Bytes(Some(held.nonce.as_bytes())),
                Arg::Big(Some(micros(retention))),
                Arg::Bytes(Some(reply.as_bytes())),
            ];
            driver.holds(connection, &driver.coupled().finish, &args).await.map_err(of)
        })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        held: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let driver = self.remote.driver();
            let args = [Arg::Bytes(Some(held.address.as_bytes())), Arg::Bytes(Some(held.nonce.as_bytes()))];
            driver.holds(connection, &driver.coupled().holds, &args).await.map_err(of)
        })
    }

    /// COMMIT of a transaction in which a statement failed rolls back, and says so in a way that the driver takes for
    /// success. Any other statement is refused.
    fn is_whole<'c>(&'c self, connection: &'c mut PgConnection) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let asked = sqlx::raw_sql("SELECT 1").execute(connection).await;
            asked.map(|_| true).map_err(|error| self.fault(error))
        })
    }

    fn restore<'c>(&'c self, _: &'c mut PgConnection) -> BoxFuture<'c, Result<(), TxFault>> {
        Box::pin(async { Ok(()) })
    }

    /// Only a COMMIT or ROLLBACK of the handler's own ends a transaction here: one that fails takes no more statements.
    fn lets_slip(&self) -> bool {
        true
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
            error => of(fault::fault(error)),
        }
    }
}

impl PostgresStore {
    async fn claim_in(
        &self,
        connection: &mut PgConnection,
        claim: &Claim,
        rivals: Rivals,
    ) -> Result<Claimed, Fault> {
        let driver = self.remote.driver();
        let turn = || [Arg::Big(Some(driver.coupled().turn(claim)))];
        if rivals == Rivals::Tell {
            let args: Vec<_> = args::of_claim(claim).into_iter().chain(turn()).collect();
            let rows = driver.rows(connection, &driver.coupled().claim_new, &args).await?;
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
            Rivals::Tell => &driver.coupled().claim,
            Rivals::Await => &driver.coupled().claim_waiting,
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

const fn begin(isolation: Option<Isolation>) -> &'static str {
    match isolation {
        None => "BEGIN",
        Some(Isolation::ReadCommitted) => "BEGIN ISOLATION LEVEL READ COMMITTED",
        Some(Isolation::RepeatableRead) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        Some(Isolation::Serializable) => "BEGIN ISOLATION LEVEL SERIALIZABLE",
    }
}

/// What the function of the claim says when there is a record or a rival.
fn is_not_fresh(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("IDEM1")
}

fn first_bytes(digest: &[u8; 32]) -> u64 {
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

fn of(fault: Fault) -> TxFault {
    match fault {
        Fault::Again(failure) => TxFault::Conflict(failure.to_error()),
        Fault::Unreached(failure) | Fault::Broken(failure) => TxFault::Broken(failure.to_error()),
        Fault::Shut(failure) | Fault::Refused(failure) | Fault::Unread(failure) => {
            TxFault::Refused(failure.to_error())
        }
    }
}
