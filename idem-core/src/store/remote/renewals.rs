//! T3: all leases that a process holds, pushed on together.

use super::driver::{Driver, Found};
use super::exchange::{Exchange, Unanswered};
use super::statement;
use crate::address::Address;
use crate::protocol::{RenewOutcome, State};
use crate::store::{Answers, Batch, Renewal};

/// Not by way of a queue: a renewal must not wait for claims.
pub(super) async fn renew<D: Driver>(exchange: &Exchange<D>, batch: Batch<Renewal>) -> Answers<RenewOutcome> {
    let renewals: Vec<&Renewal> = batch.iter().collect();
    let mut answers = Vec::with_capacity(renewals.len());
    for some in renewals.chunks(D::ROUND) {
        match round(exchange, some).await {
            Ok(outcomes) => answers.extend(outcomes),
            Err(unanswered) => {
                answers.extend(some.iter().map(|_| Err(unanswered.failure().to_error())));
            }
        }
    }
    answers
}

async fn round<D: Driver>(
    exchange: &Exchange<D>,
    renewals: &[&Renewal],
) -> Result<Answers<RenewOutcome>, Unanswered> {
    let renewed = exchange.send(&statement::Renewals(renewals)).await?;
    let addresses: Vec<Address> = renewals
        .iter()
        .zip(&renewed)
        .filter(|(_, renewed)| !**renewed)
        .map(|(renewal, _)| renewal.address)
        .collect();
    let mut rest = if addresses.is_empty() {
        Vec::new().into_iter()
    } else {
        let found = exchange.send(&statement::Load(&addresses)).await;
        // That renewed some, and perhaps these.
        found.map_err(Unanswered::sent)?.into_iter()
    };
    let answers = renewals.iter().zip(renewed).map(|(renewal, renewed)| {
        if renewed { Ok(RenewOutcome::Renewed) } else { why_not(renewal, rest.next()) }
    });
    Ok(answers.collect())
}

/// A row that is still the caller's was not written because another transaction has it locked: the claim still stands.
fn why_not(renewal: &Renewal, found: Option<Found>) -> Result<RenewOutcome, crate::store::StoreError> {
    match found {
        Some(Found::Stands(record, _))
            if record.owner == renewal.owner && matches!(record.state, State::Running { .. }) =>
        {
            Ok(RenewOutcome::Skipped)
        }
        Some(Found::Unreadable(error)) => Err(error),
        _ => Ok(RenewOutcome::Lost),
    }
}
