//! What an operator decides: rare, so each goes by itself, and is read before it is written.

use super::driver::{Change, Driver, Found};
use super::exchange::{Exchange, Unanswered};
use super::rounds::{CONTENTION, contended};
use super::statement;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Record, WriteOutcome};
use crate::store::StoreError;

/// Reads the record, lets `transition` decide on it, and writes what it changed.
pub(super) async fn decide<D: Driver>(
    exchange: &Exchange<D>,
    address: Address,
    transition: impl Fn(&mut Option<Record>, Timestamp) -> WriteOutcome + Send,
) -> Result<WriteOutcome, StoreError> {
    for round in 0..CONTENTION {
        let found = look(exchange, address).await;
        // An earlier round may have written the order, and lost the answer.
        let found = if round == 0 { found } else { found.map_err(Unanswered::sent) };
        let found = found.map_err(|unanswered| unanswered.failure().to_error())?;
        let (before, now) = match stands(found)? {
            Some((record, now)) => (Some(record), now),
            None => (None, Timestamp::from_micros(0)),
        };
        let mut after = before.as_deref().cloned();
        let outcome = transition(&mut after, now);
        // A verdict never makes a record where there is none.
        let Some(before) = before.filter(|before| after.as_ref() != Some(&**before)) else {
            return Ok(outcome);
        };
        let change = Change { address, before, after: after.map(Box::new) };
        let written = exchange.send(&statement::Alter(&change)).await;
        if written.map_err(|unanswered| unanswered.failure().to_error())? {
            return Ok(outcome);
        }
    }
    Err(contended())
}

/// The record and the store's clock.
pub(super) async fn look_up<D: Driver>(
    exchange: &Exchange<D>,
    address: Address,
) -> Result<Option<(Box<Record>, Timestamp)>, StoreError> {
    let found = look(exchange, address).await;
    stands(found.map_err(|unanswered| unanswered.failure().to_error())?)
}

async fn look<D: Driver>(exchange: &Exchange<D>, address: Address) -> Result<Option<Found>, Unanswered> {
    exchange.send(&statement::Load(&[address])).await.map(|mut found| found.pop())
}

fn stands(found: Option<Found>) -> Result<Option<(Box<Record>, Timestamp)>, StoreError> {
    match found {
        Some(Found::Stands(record, now)) => Ok(Some((record, now))),
        Some(Found::Unreadable(error)) => Err(error),
        Some(Found::Nothing | Found::Fresh(_)) | None => Ok(None),
    }
}
