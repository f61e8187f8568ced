//! T1, T2 and T10: claims that travel together.

use std::sync::Arc;
use std::time::Duration;

use super::driver::{Change, Driver, Found};
use super::exchange::{Exchange, Unanswered};
use super::queue::Work;
use super::rounds::{self, Rounds, tell};
use super::statement;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::observe;
use crate::protocol::{self, Claim, ClaimOutcome, Fence, Owner, Record, Won};
use crate::store::{Answers, StoreError};

#[derive(Debug)]
pub(super) struct ClaimWork<D: Driver>(pub(super) Arc<Exchange<D>>);

impl<D: Driver> Work for ClaimWork<D> {
    type Request = Claim;
    type Answer = ClaimOutcome;

    const ROUND: usize = D::ROUND;

    fn weight(_: &Claim) -> usize {
        512
    }

    async fn answer(&self, claims: &[Claim]) -> Answers<ClaimOutcome> {
        observe::batch("claims", claims.len());
        rounds::answer(self, claims).await
    }
}

impl<D: Driver> Rounds for ClaimWork<D> {
    type Request = Claim;
    type Answer = ClaimOutcome;

    fn budget(&self) -> Duration {
        self.0.budget()
    }

    /// Answers what it can; gives back those that must ask again.
    async fn round(
        &self,
        claims: &[&Claim],
        open: &[usize],
        answers: &mut Answers<ClaimOutcome>,
    ) -> Result<Vec<usize>, Unanswered> {
        let asked: Vec<(usize, &Claim)> =
            open.iter().filter_map(|at| Some((*at, *claims.get(*at)?))).collect();
        let only: Vec<&Claim> = asked.iter().map(|(_, claim)| *claim).collect();
        let mut found = self.0.send(&statement::Claims(&only)).await?;
        self.look_again(&only, &mut found).await;

        let mut again = Vec::new();
        for ((at, claim), found) in asked.into_iter().zip(found) {
            let verdict = match judge(claim, found) {
                Judged::Decided(verdict) => verdict,
                Judged::Gone => {
                    again.push(at);
                    continue;
                }
                Judged::Changed(change, outcome) => match self.0.send(&statement::Alter(&change)).await {
                    Ok(true) => Ok(outcome),
                    Ok(false) => {
                        again.push(at);
                        continue;
                    }
                    Err(unanswered) => Err(unanswered.failure().to_error()),
                },
            };
            tell(answers, at, verdict);
        }
        Ok(again)
    }
}

impl<D: Driver> ClaimWork<D> {
    /// Where a statement neither wrote nor saw a record, another transaction committed one while it ran: a look with a
    /// newer snapshot shows it.
    async fn look_again(&self, claims: &[&Claim], found: &mut [Found]) {
        let unseen: Vec<(usize, Address)> = found
            .iter()
            .zip(claims)
            .enumerate()
            .filter(|(_, (found, _))| matches!(found, Found::Nothing))
            .map(|(at, (_, claim))| (at, claim.address))
            .collect();
        if unseen.is_empty() {
            return;
        }
        let addresses: Vec<Address> = unseen.iter().map(|(_, address)| *address).collect();
        let mut seen = match self.0.send(&statement::Load(&addresses)).await {
            Ok(seen) => Ok(seen.into_iter()),
            Err(unanswered) => Err(unanswered),
        };
        for (at, _) in unseen {
            let Some(found) = found.get_mut(at) else { continue };
            *found = match &mut seen {
                Ok(seen) => seen.next().unwrap_or(Found::Nothing),
                // Only these: the other claims of the batch were written or seen.
                Err(unanswered) => Found::Unreadable(unanswered.failure().to_error()),
            };
        }
    }
}

pub(in crate::store) enum Judged {
    Decided(Result<ClaimOutcome, StoreError>),
    /// The outcome, once this is written.
    Changed(Change, ClaimOutcome),
    /// There was a record, and now there is none.
    Gone,
}

pub(in crate::store) fn judge(claim: &Claim, found: Found) -> Judged {
    match found {
        Found::Fresh(now) => {
            let owner = Owner { fence: Fence::from_u64(now.as_micros()), nonce: claim.nonce };
            Judged::Decided(Ok(ClaimOutcome::Won(Won::new(owner, 1))))
        }
        Found::Stands(record, now) => stands(claim, record, now),
        Found::Nothing => Judged::Gone,
        Found::Unreadable(error) => Judged::Decided(Err(error)),
    }
}

fn stands(claim: &Claim, before: Box<Record>, now: Timestamp) -> Judged {
    let mut after = Some((*before).clone());
    let outcome = protocol::claim(&mut after, claim, now);
    if after.as_ref() == Some(&*before) {
        return Judged::Decided(Ok(outcome));
    }
    Judged::Changed(Change { address: claim.address, before, after: after.map(Box::new) }, outcome)
}
