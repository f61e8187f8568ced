//! The claim of a handler's transaction.

use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Row as _, SqlStr};

use super::dialect::Dialect;
use super::driver::{with_claim, with_row};
use super::rows::place;
use super::tx_fault::{fault, number};
use super::tx_statements::{LOCKED, SESSION, Texts, WAIT_AS_BEFORE, read};
use crate::clock::Timestamp;
use crate::protocol::{Claim, ClaimOutcome, Fence, Owner};
use crate::store::remote::claims::{Judged, judge};
use crate::store::remote::driver::{Change, Found};
use crate::store::sql::Row;
use crate::store::{Claimed, CommitPermit, HeldRow, Rivals, TxFault};

/// Claims, where rivals are told or waited for.
pub(super) async fn claim_in(
    texts: &Texts,
    dialect: Dialect,
    connection: &mut MySqlConnection,
    permit: &CommitPermit,
    claim: &Claim,
    rivals: Rivals,
) -> Result<Claimed, TxFault> {
    let mut locked = false;
    let found = match look(texts, dialect, connection, permit, claim, rivals).await {
        Ok(found) => found,
        Err(error) if number(&error) == Some(LOCKED) && rivals == Rivals::Tell => {
            // The other transaction may be a replay, which locks the row as well.
            locked = true;
            let load = load(connection, &texts.load, claim);
            load.await.map_err(fault)?
        }
        Err(error) => return Err(fault(error)),
    };
    let fresh = is_fresh(claim, &found);
    let clock = match &found {
        Found::Fresh(clock) | Found::Stands(_, clock) => Some((*clock, Instant::now())),
        Found::Nothing | Found::Unreadable(_) => None,
    };
    let rival = ClaimOutcome::InFlight { lease_left: Duration::ZERO };
    let (change, won) = match judge(claim, found) {
        // The key could be claimed, but another transaction has it locked, and the claim must not wait.
        Judged::Decided(Ok(ClaimOutcome::Won(_))) | Judged::Changed(_, ClaimOutcome::Won(_)) if locked => {
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
        && !rewrite(texts, connection, &change).await.map_err(fault)?
    {
        return Ok(Claimed::Decided(rival));
    }
    if rivals == Rivals::Tell && dialect == Dialect::MySql {
        known(connection, permit, format!("{WAIT_AS_BEFORE}{SESSION}")).await?;
    }
    Ok(Claimed::Won(HeldRow { clock, ..HeldRow::new(claim.address, won) }))
}

/// Writes the claim's record where there is none, and says what stands there.
async fn look(
    texts: &Texts,
    dialect: Dialect,
    connection: &mut MySqlConnection,
    permit: &CommitPermit,
    claim: &Claim,
    rivals: Rivals,
) -> Result<Found, sqlx::Error> {
    let text = match rivals {
        Rivals::Tell => &texts.claim,
        Rivals::Await => &texts.claim_waiting,
    };
    let query = with_claim(sqlx::query(text.clone()), claim);
    match dialect {
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
pub(super) async fn known(
    connection: &mut MySqlConnection,
    permit: &CommitPermit,
    text: String,
) -> Result<(), TxFault> {
    let rows = read(connection, text).await.map_err(fault)?;
    know(permit, rows.last().and_then(|row| row.try_get(0).ok()));
    Ok(())
}

/// For a record that may be run again. A claim never leaves a reply. False if it was changed meanwhile.
async fn rewrite(
    texts: &Texts,
    connection: &mut MySqlConnection,
    change: &Change,
) -> Result<bool, sqlx::Error> {
    let Some(after) = &change.after else { return Ok(true) };
    let (old, new) = (Row::of(&change.before), Row::of(after));
    let rewritten = with_row(sqlx::query(texts.rewrite.clone()), &new)
        .bind(change.address.as_bytes().as_slice())
        .bind(old.state)
        .bind(old.fence)
        .bind(old.nonce)
        .bind(old.until)
        .execute(connection)
        .await?;
    Ok(rewritten.rows_affected() == 1)
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
