//! Records that ride in the application's transactions.
//!
//! Every connection of the pool may have other settings, and prepared statements of its own, so each step is one message
//! of text that sets what it needs. All values are numbers or hexadecimal digits, so no input can end a literal.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::mysql::{
    MySql, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPool, MySqlPoolOptions, MySqlRow,
};
use sqlx::{AssertSqlSafe, Connection, Row as _, Transaction};

use super::coupled::{
    BEGIN, CLAIM, CLAIM_RETURNING, CLAIM_RETURNING_WAITING, CLAIM_WAITING, FINISH, LOAD, LOCKED, MARK,
    NO_SUCH_SAVEPOINT, NOW, RESTORE, REWRITE, UNDO_WAIT, UNMARK, VALUES, ascii, hex, utf8,
};
use super::dialect::Dialect;
use super::fault;
use super::rows::place;
use super::statements::{CLOCK, COLUMNS, ROW};
use super::store::MySqlStore;
use crate::protocol::{Claim, ClaimOutcome, Fence, Owner};
use crate::reply::Reply;
use crate::store::remote::claims::{Judged, judge};
use crate::store::remote::driver::{Change, Found, micros, signed};
use crate::store::remote::failure::Fault;
use crate::store::sql::{Row, TableName, columns, known_number};
use crate::store::{
    BoxFuture, Claimed, Coupler, Gate, HeldRow, Rivals, Seat, StoreError, StoreErrorKind, TxFault,
};
use crate::time::Timestamp;
use crate::tx::{Isolation, Sealed, TxStore};

impl Sealed for MySqlStore {}

impl TxStore for MySqlStore {
    type Database = MySql;
}

/// What it takes to ride in a transaction.
pub(super) struct Coupling {
    table: String,
    dialect: Dialect,
    options: MySqlConnectOptions,
    pool: OnceLock<MySqlPool>,
}

impl Coupling {
    pub(super) fn new(
        name: &TableName,
        dialect: Dialect,
        options: MySqlConnectOptions,
        pool: Option<MySqlPool>,
    ) -> Self {
        let pool = pool.map_or_else(OnceLock::new, OnceLock::from);
        Self { table: name.fill("{table}", '`'), dialect, options, pool }
    }

    /// The pool that the store was given, or one of its own.
    fn pool(&self) -> &MySqlPool {
        self.pool.get_or_init(|| MySqlPoolOptions::new().connect_lazy_with(self.options.clone()))
    }

    fn text(&self, template: &str) -> String {
        template
            .replace("{row}", ROW)
            .replace("{columns}", COLUMNS)
            .replace("{clock}", CLOCK)
            .replace("{table}", &self.table)
    }
}

impl fmt::Debug for Coupling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coupling").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

impl Coupler<MySql> for MySqlStore {
    fn seat(&self) -> BoxFuture<'_, Result<Seat<MySql>, TxFault>> {
        Box::pin(async {
            let connection = self.coupling.pool().acquire().await.map_err(|error| match error {
                error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => self.fault(error),
                error => of(fault::unreached(error)),
            })?;
            Ok(Seat::new(connection, None))
        })
    }

    fn begin<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        _: &'c Arc<Gate>,
        isolation: Option<Isolation>,
    ) -> BoxFuture<'c, Result<Transaction<'c, MySql>, TxFault>> {
        let level = match isolation {
            None => "",
            Some(Isolation::ReadCommitted) => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ",
            Some(Isolation::RepeatableRead) => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ",
            Some(Isolation::Serializable) => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ",
        };
        // Two constants.
        let statement = AssertSqlSafe(format!("{level}{BEGIN}"));
        Box::pin(async move { connection.begin_with(statement).await.map_err(|error| self.fault(error)) })
    }

    fn claim<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        claim: &'c Claim,
        rivals: Rivals,
    ) -> BoxFuture<'c, Result<Claimed, TxFault>> {
        Box::pin(self.claim_in(connection, claim, rivals))
    }

    fn complete<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        held: &'c HeldRow,
        reply: &'c Reply,
        retention: Duration,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(async move {
            let finish = self
                .coupling
                .text(FINISH)
                .replace("{retention}", &micros(retention).to_string())
                .replace("{address}", &hex(held.address.as_bytes()))
                .replace("{fence}", &held.fence.map_or(0, |fence| signed(fence.as_u64())).to_string())
                .replace("{nonce}", &hex(held.nonce.as_bytes()))
                // Last, because it is long.
                .replace("{reply}", &hex(reply.as_bytes()));
            match write(connection, format!("{UNMARK}; {finish}")).await {
                Ok(changed) => Ok(changed == 1),
                Err(error) if number(&error) == Some(NO_SUCH_SAVEPOINT) => Ok(false),
                Err(error) => Err(self.fault(error)),
            }
        })
    }

    fn holds<'c>(
        &'c self,
        connection: &'c mut MySqlConnection,
        _: &'c HeldRow,
    ) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(self.unmark(connection))
    }

    fn mark<'c>(&'c self, connection: &'c mut MySqlConnection) -> BoxFuture<'c, Result<(), TxFault>> {
        Box::pin(async move {
            write(connection, MARK.to_owned()).await.map(drop).map_err(|error| self.fault(error))
        })
    }

    fn is_whole<'c>(&'c self, connection: &'c mut MySqlConnection) -> BoxFuture<'c, Result<bool, TxFault>> {
        Box::pin(self.unmark(connection))
    }

    fn leaves_traces(&self) -> bool {
        true
    }

    fn restore<'c>(&'c self, connection: &'c mut MySqlConnection) -> BoxFuture<'c, Result<(), TxFault>> {
        let text = match self.coupling.dialect {
            Dialect::MariaDb => RESTORE.to_owned(),
            Dialect::MySql => format!("{UNDO_WAIT}; {RESTORE}"),
        };
        Box::pin(async move { write(connection, text).await.map(drop).map_err(|error| self.fault(error)) })
    }

    fn fault(&self, error: sqlx::Error) -> TxFault {
        if let sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed = error {
            let message = "no connection for a transaction was to be had in time: raise max_connections, of the pool or \
                           of the server";
            return TxFault::Refused(
                StoreError::new(StoreErrorKind::Unavailable, message).with_source(error),
            );
        }
        of(fault::fault(error))
    }
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

impl MySqlStore {
    /// Whether the mark of the transaction was there.
    async fn unmark(&self, connection: &mut MySqlConnection) -> Result<bool, TxFault> {
        match write(connection, UNMARK.to_owned()).await {
            Ok(_) => Ok(true),
            Err(error) if number(&error) == Some(NO_SUCH_SAVEPOINT) => Ok(false),
            Err(error) => Err(self.fault(error)),
        }
    }

    async fn claim_in(
        &self,
        connection: &mut MySqlConnection,
        claim: &Claim,
        rivals: Rivals,
    ) -> Result<Claimed, TxFault> {
        let mut locked = false;
        let found = match self.look(connection, claim, rivals).await {
            Ok(found) => found,
            Err(error) if number(&error) == Some(LOCKED) && rivals == Rivals::Tell => {
                // The rival may have been a replay, which locks the row as well.
                locked = true;
                self.load(connection, claim, "").await.map_err(|error| self.fault(error))?
            }
            Err(error) => return Err(self.fault(error)),
        };
        let fresh = is_fresh(claim, &found);
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
        let text = change.map(|change| self.rewrite(&change)).unwrap_or_default();
        if !text.is_empty() {
            let text = format!("{text}; {MARK}");
            if write(connection, text).await.map_err(|error| self.fault(error))? != 1 {
                return Ok(Claimed::Decided(rival));
            }
        }
        Ok(Claimed::Won(HeldRow::new(claim.address, won)))
    }

    /// Writes the claim's record where there is none, and says what stands there.
    async fn look(
        &self,
        connection: &mut MySqlConnection,
        claim: &Claim,
        rivals: Rivals,
    ) -> Result<Found, sqlx::Error> {
        let template = match (self.coupling.dialect, rivals) {
            (Dialect::MariaDb, Rivals::Tell) => CLAIM_RETURNING,
            (Dialect::MariaDb, Rivals::Await) => CLAIM_RETURNING_WAITING,
            (Dialect::MySql, Rivals::Tell) => CLAIM,
            (Dialect::MySql, Rivals::Await) => CLAIM_WAITING,
        };
        let fence = match self.coupling.dialect {
            Dialect::MariaDb => "{clock}",
            Dialect::MySql => "LAST_INSERT_ID({clock})",
        };
        let (retention, lease, namespace) = columns(Some(&claim.terms));
        let text = template.replace("{values}", VALUES).replace("{fence}", fence).replace("{mark}", MARK);
        let text = self
            .coupling
            .text(&text)
            .replace("{address}", &hex(claim.address.as_bytes()))
            .replace("{lease}", &micros(claim.lease).to_string())
            .replace("{policy}", &known_number(claim.after_crash).to_string())
            .replace("{recipe}", &claim.fingerprint.recipe().to_string())
            .replace("{nonce}", &hex(claim.nonce.as_bytes()))
            .replace("{digest}", &hex(claim.fingerprint.digest()))
            .replace("{label}", &utf8(claim.label.as_str()))
            .replace("{hint}", &ascii(claim.key_hint.as_str()))
            .replace("{handler_retention}", &retention.to_string())
            .replace("{handler_lease}", &lease.to_string())
            .replace("{namespace}", &utf8(namespace));
        let rows = read(connection, text).await?;
        match self.coupling.dialect {
            Dialect::MariaDb => Ok(first(&rows, claim)),
            Dialect::MySql => {
                let fence = rows.first().map_or(Ok(0), |row| row.try_get::<i64, _>(0))?;
                match u64::try_from(fence) {
                    Ok(fence) if fence > 0 => Ok(Found::Fresh(Timestamp::from_micros(fence))),
                    _ => self.load(connection, claim, NOW).await,
                }
            }
        }
    }

    async fn load(
        &self,
        connection: &mut MySqlConnection,
        claim: &Claim,
        lock: &str,
    ) -> Result<Found, sqlx::Error> {
        let text = self.coupling.text(LOAD).replace("{address}", &hex(claim.address.as_bytes()));
        Ok(first(&read(connection, text + lock).await?, claim))
    }

    /// The statement for a record that may be run again. A claim never leaves a reply.
    fn rewrite(&self, change: &Change) -> String {
        let Some(after) = &change.after else { return String::new() };
        let (old, new) = (Row::of(&change.before), Row::of(after));
        let (retention, lease, namespace) = columns(new.terms);
        self.coupling
            .text(REWRITE)
            .replace("{state}", &new.state.to_string())
            .replace("{fence}", &new.fence.to_string())
            .replace("{nonce}", &hex(new.nonce))
            .replace("{until}", &new.until.to_string())
            .replace("{attempts}", &new.attempts.to_string())
            .replace("{policy}", &new.after_crash.to_string())
            .replace("{recipe}", &new.recipe.to_string())
            .replace("{digest}", &hex(new.digest))
            .replace("{created}", &new.created.to_string())
            .replace("{label}", &utf8(new.label))
            .replace("{hint}", &ascii(new.key_hint))
            .replace("{address}", &hex(change.address.as_bytes()))
            .replace("{old_state}", &old.state.to_string())
            .replace("{old_fence}", &old.fence.to_string())
            .replace("{old_nonce}", &hex(old.nonce))
            .replace("{old_until}", &old.until.to_string())
            .replace("{audit}", &utf8(new.audit))
            .replace("{handler_retention}", &retention.to_string())
            .replace("{handler_lease}", &lease.to_string())
            .replace("{namespace}", &utf8(namespace))
    }
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

/// How many rows were changed, in all statements.
async fn write(connection: &mut MySqlConnection, text: String) -> Result<u64, sqlx::Error> {
    // Constants, a name that `TableName` has checked, numbers and hexadecimal digits.
    let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await?;
    Ok(done.rows_affected())
}

async fn read(connection: &mut MySqlConnection, text: String) -> Result<Vec<MySqlRow>, sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(connection).await
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}
