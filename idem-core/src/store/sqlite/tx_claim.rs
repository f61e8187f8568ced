//! The claim of a handler's transaction, decided and written under its write lock.

use sqlx::Row as _;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};

use super::row::signed;
use super::rules::RoundSettings;
use super::sql;
use super::tx_fault::{fault, refused};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{self, Claim, ClaimOutcome, Record, StateKind, Terms};
use crate::store::sql::{Fields, Row, number, record};
use crate::store::unreadable::Unreadable;
use crate::store::{Claimed, HeldRow, StoreError, StoreErrorKind, TxFault};

/// Claims under the write lock of the transaction.
pub(super) async fn claim_in(
    rules: &RoundSettings,
    connection: &mut SqliteConnection,
    claim: &Claim,
) -> Result<Claimed, TxFault> {
    let now = rules.now();
    let before = load(connection, claim.address).await?;
    let mut after = before.clone();
    let outcome = protocol::claim(&mut after, claim, now);
    let (ClaimOutcome::Won(won), Some(new)) = (&outcome, &after) else {
        return Ok(Claimed::Decided(outcome));
    };
    let held = HeldRow::new(claim.address, *won);
    let written = match &before {
        // Running under this very nonce, and committed: an earlier transaction of this call was cut in two.
        Some(before) if before == new => return Ok(Claimed::Decided(ClaimOutcome::Unknown)),
        Some(before) => reclaim(connection, claim, before, new).await?,
        None => {
            make_room(rules, connection, now).await?;
            insert(connection, claim, new).await?
        }
    };
    // No other connection can have written since BEGIN IMMEDIATE.
    if written == 1 {
        Ok(Claimed::Won(held))
    } else {
        Err(refused("a record changed under the write lock", None))
    }
}

pub(super) async fn load(
    connection: &mut SqliteConnection,
    address: Address,
) -> Result<Option<Record>, TxFault> {
    let query = sqlx::query(sql::LOAD).bind(address.as_bytes().as_slice());
    let row = query.fetch_optional(connection).await.map_err(fault)?;
    row.map(|row| record(&row, RECORD, address)).transpose().map_err(TxFault::Refused)
}

async fn insert(connection: &mut SqliteConnection, claim: &Claim, new: &Record) -> Result<u64, TxFault> {
    let label = sqlx::query(sql::NUMBER).bind(claim.label.as_str());
    label.execute(&mut *connection).await.map_err(fault)?;
    number_terms(connection, claim).await?;
    let query = sqlx::query(sql::INSERT).bind(claim.address.as_bytes().as_slice());
    let done = with_row(query, &Row::of(new)).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(fault)
}

async fn number_terms(connection: &mut SqliteConnection, claim: &Claim) -> Result<(), TxFault> {
    let terms = sqlx::query(sql::NUMBER_TERMS).bind(claim.terms.to_string());
    terms.execute(connection).await.map(drop).map_err(fault)
}

async fn reclaim(
    connection: &mut SqliteConnection,
    claim: &Claim,
    old: &Record,
    new: &Record,
) -> Result<u64, TxFault> {
    number_terms(connection, claim).await?;
    let (old, new) = (Row::of(old), Row::of(new));
    let done = old.state == number(StateKind::Done);
    let query = sqlx::query(if done { sql::RECLAIM.done } else { sql::RECLAIM.open })
        .bind(claim.address.as_bytes().as_slice())
        .bind(old.state)
        .bind(old.fence)
        .bind(old.nonce)
        .bind(old.until);
    let done = with_row(query, &new).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(fault)
}

/// Holds to the bound, as every other claim does.
async fn make_room(
    rules: &RoundSettings,
    connection: &mut SqliteConnection,
    now: Timestamp,
) -> Result<(), TxFault> {
    /// Enough to go on, in one step.
    const EXPIRED: i64 = 64;
    let Some(bound) = rules.max_records else { return Ok(()) };
    for _ in 0..2 {
        let row = sqlx::query(sql::RECORDS).fetch_one(&mut *connection).await;
        let records: i64 = row.and_then(|row| row.try_get(0)).map_err(fault)?;
        if u64::try_from(records).unwrap_or_default() < bound {
            return Ok(());
        }
        let reap = sqlx::query(sql::REAP).bind(signed(now.as_micros())).bind(EXPIRED);
        reap.execute(&mut *connection).await.map_err(fault)?;
    }
    let message = "the store holds `max_records` unexpired records: raise the bound or shorten the retention";
    Err(TxFault::Refused(StoreError::new(StoreErrorKind::CapacityExceeded, message)))
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
