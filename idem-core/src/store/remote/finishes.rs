//! T5, T6 and T7: how owners end their claims, together.

use std::sync::Arc;
use std::time::Duration;

use super::driver::{ClaimEnd, Driver, Finish, Found};
use super::exchange::{Exchange, Unanswered};
use super::queue::Work;
use super::rounds::{self, Rounds, tell};
use super::statement;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::observe;
use crate::protocol::{self, Record, WriteOutcome};
use crate::store::{Answers, StoreError};

#[derive(Debug)]
pub(super) struct FinishWork<D: Driver>(pub(super) Arc<Exchange<D>>);

impl<D: Driver> Work for FinishWork<D> {
    type Request = Finish;
    type Answer = WriteOutcome;

    const ROUND: usize = D::ROUND;

    fn weight(finish: &Finish) -> usize {
        128 + finish.end.reply().map_or(0, |reply| reply.as_bytes().len())
    }

    async fn answer(&self, finishes: &[Finish]) -> Answers<WriteOutcome> {
        observe::batch("finishes", finishes.len());
        rounds::answer(self, finishes).await
    }
}

impl<D: Driver> Rounds for FinishWork<D> {
    type Request = Finish;
    type Answer = WriteOutcome;

    fn budget(&self) -> Duration {
        self.0.budget()
    }

    /// Answers what it can; gives back those that must be written again.
    async fn round(
        &self,
        finishes: &[&Finish],
        open: &[usize],
        answers: &mut Answers<WriteOutcome>,
    ) -> Result<Vec<usize>, Unanswered> {
        let asked: Vec<(usize, &Finish)> =
            open.iter().filter_map(|at| Some((*at, *finishes.get(*at)?))).collect();
        let only: Vec<&Finish> = asked.iter().map(|(_, finish)| *finish).collect();
        let applied = self.0.send(&statement::Finishes(&only)).await?;
        let mut refused = Vec::new();
        for ((at, finish), applied) in asked.into_iter().zip(applied) {
            if applied {
                tell(answers, at, Ok(WriteOutcome::Applied));
            } else {
                refused.push((at, finish));
            }
        }
        if refused.is_empty() {
            return Ok(Vec::new());
        }
        // A repetition, or a claim that is not the caller's any more: the record says which.
        let addresses: Vec<Address> = refused.iter().map(|(_, finish)| finish.address).collect();
        let found = match self.0.send(&statement::Load(&addresses)).await {
            Ok(found) => found,
            // Only these: the other writes of the batch were applied. Perhaps these were applied too: a batch of which some
            // were not applied may say so of all.
            Err(unanswered) => {
                for (at, _) in refused {
                    tell(answers, at, Err(unanswered.after_a_write()));
                }
                return Ok(Vec::new());
            }
        };
        let mut again = Vec::new();
        for ((at, finish), found) in refused.into_iter().zip(found) {
            match judge(finish, found) {
                Some(verdict) => tell(answers, at, verdict),
                None => again.push(at),
            }
        }
        Ok(again)
    }
}

/// What the record says of a write that changed nothing; `None` if it would change something now.
fn judge(finish: &Finish, found: Found) -> Option<Result<WriteOutcome, StoreError>> {
    let (before, now) = match found {
        Found::Stands(record, now) => (Some(*record), now),
        Found::Nothing | Found::Fresh(_) => (None, Timestamp::from_micros(0)),
        Found::Unreadable(error) => return Some(Err(error)),
    };
    let mut after = before.clone();
    let outcome = apply(finish, &mut after, now);
    (after == before).then_some(Ok(outcome))
}

fn apply(finish: &Finish, record: &mut Option<Record>, now: Timestamp) -> WriteOutcome {
    match &finish.end {
        ClaimEnd::Done { reply, retention } => {
            protocol::complete(record, finish.owner, reply, *retention, now)
        }
        ClaimEnd::Released { retention } => protocol::release(record, finish.owner, *retention, now),
        ClaimEnd::Unknown => protocol::mark_unknown(record, finish.owner),
    }
}
