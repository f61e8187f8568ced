//! A store that runs the protocol and breaks one rule.

mod claims;
mod listed;
mod orders;
mod sweeps;
mod tallies;
mod writes;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::flaw::Flaw;
use idem_core::address::Address;
use idem_core::clock::{Clock, Timestamp};
use idem_core::protocol::{self, Claim, ClaimOutcome, Namespace, Record, RenewOutcome, Tally, WriteOutcome};
use idem_core::store::{
    Answers, Batch, BoxFuture, Completion, Count, Entry, Forget, Free, MarkUnknown, Page, Release, Renewal,
    Settlement, Store, StoreError, StoreErrorKind, Sweep, SweepCount,
};

type Records = BTreeMap<Address, Record>;

#[derive(Debug)]
pub(super) struct Flawed {
    flaw: Flaw,
    clock: Arc<dyn Clock>,
    records: Mutex<Records>,
    /// Rises when another thread arrives at a place where a race waits.
    arrived: Mutex<usize>,
    news: Condvar,
    /// Answers on their way, for a store that gathers writes and gives the answers back to the wrong callers.
    answers: Mutex<Vec<WriteOutcome>>,
}

impl Flawed {
    pub(super) fn new(flaw: Flaw, clock: Arc<dyn Clock>) -> Self {
        Self {
            flaw,
            clock,
            records: Mutex::default(),
            arrived: Mutex::default(),
            news: Condvar::new(),
            answers: Mutex::default(),
        }
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transition; in two halves with a gap between if `racy` is the flaw.
    fn with<T>(
        &self,
        racy: Flaw,
        address: Address,
        act: impl FnOnce(&mut Option<Record>, Timestamp) -> T,
    ) -> T {
        let mut records = self.records();
        let mut slot = records.get(&address).cloned();
        if self.flaw == racy {
            drop(records);
            self.wait_for_another();
            let answer = act(&mut slot, self.clock.now());
            put(&mut self.records(), address, slot);
            return answer;
        }
        let answer = act(&mut slot, self.clock.now());
        put(&mut records, address, slot);
        answer
    }

    /// Until another thread is at the same place, or none comes in time.
    fn wait_for_another(&self) {
        let seen = self.arrive();
        self.wait_from(seen);
    }

    fn arrive(&self) -> usize {
        let mut arrived = self.arrived();
        *arrived += 1;
        self.news.notify_all();
        *arrived
    }

    fn wait_from(&self, seen: usize) {
        // The bound is for cases without another thread.
        let nobody_came = |arrived: &mut usize| *arrived <= seen;
        drop(self.news.wait_timeout_while(self.arrived(), Duration::from_millis(1), nobody_came));
    }

    fn arrived(&self) -> MutexGuard<'_, usize> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(
        &self,
        address: Address,
        act: impl FnOnce(&mut Option<Record>, Timestamp) -> WriteOutcome,
    ) -> BoxFuture<'static, Result<WriteOutcome, StoreError>> {
        let outcome = writes::told(self.flaw, self.with(Flaw::ReadsThenWrites, address, act));
        if self.flaw != Flaw::MixesUpWhoWaits {
            return ready(Ok(outcome));
        }
        let answers = || self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers().push(outcome.clone());
        self.wait_for_another();
        let newest = answers().pop();
        ready(Ok(newest.unwrap_or(outcome)))
    }

    /// A batch, one by one, with what this store gets wrong about batches.
    fn batch<T, O>(
        &self,
        batch: Batch<T>,
        mut one: impl FnMut(usize, T) -> O,
        failed: impl Fn(&O) -> bool,
    ) -> BoxFuture<'static, Answers<O>>
    where
        O: Send + 'static,
    {
        let broken = || StoreError::new(StoreErrorKind::Corrupt, "one of the batch went wrong");
        if self.flaw == Flaw::FailsEmptyBatches && batch.is_empty() {
            return ready(vec![Err(broken())]);
        }
        let mut answers: Vec<_> =
            batch.into_iter().enumerate().map(|(at, request)| one(at, request)).collect();
        if self.flaw == Flaw::AnswersBatchesBackwards {
            answers.reverse();
        }
        if self.flaw == Flaw::FailsBatchesTogether && answers.iter().any(failed) {
            return ready(answers.into_iter().map(|_| Err(broken())).collect());
        }
        ready(answers.into_iter().map(Ok).collect())
    }
}

fn put(records: &mut Records, address: Address, slot: Option<Record>) {
    match slot {
        Some(record) => records.insert(address, record),
        None => records.remove(&address),
    };
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, T> {
    Box::pin(std::future::ready(value))
}

fn is_lost(outcome: &WriteOutcome) -> bool {
    matches!(outcome, WriteOutcome::Lost(_))
}

impl Store for Flawed {
    fn claim(&self, claim: Claim) -> BoxFuture<'_, Result<ClaimOutcome, StoreError>> {
        let act = |slot: &mut Option<Record>, now| claims::claim(self.flaw, slot, claim.clone(), now);
        let outcome = self.with(Flaw::ReadsThenClaims, claim.address, act);
        self.arrive();
        ready(Ok(outcome))
    }

    fn complete(&self, c: Completion) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        if self.flaw == Flaw::HangsUpOnLongReplies && writes::is_long(&c) {
            return ready(Err(writes::hung_up()));
        }
        self.write(c.address, |slot, now| writes::complete(self.flaw, slot, &c, now))
    }

    fn release(&self, r: Release) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(r.address, |slot, now| writes::release(self.flaw, slot, &r, now))
    }

    fn mark_unknown(&self, s: MarkUnknown) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(s.address, |slot, _| writes::mark_unknown(self.flaw, slot, s.owner))
    }

    fn renew(&self, batch: Batch<Renewal>) -> BoxFuture<'_, Answers<RenewOutcome>> {
        let one = |_, r: Renewal| {
            self.with(Flaw::ReadsThenWrites, r.address, |slot, now| writes::renew(self.flaw, slot, &r, now))
        };
        let mut answers: Vec<_> = batch.into_iter().map(|renewal| one(0, renewal)).collect();
        if self.flaw == Flaw::AnswersRenewalsBackwards {
            answers.reverse();
        }
        ready(answers.into_iter().map(Ok).collect())
    }

    fn look_up(&self, address: Address) -> BoxFuture<'_, Result<Option<Record>, StoreError>> {
        ready(Ok(self.records().get(&address).cloned()))
    }

    fn sweep(&self, sweep: Sweep) -> BoxFuture<'_, Result<SweepCount, StoreError>> {
        ready(Ok(sweeps::sweep(self.flaw, &mut self.records(), &sweep, self.clock.now())))
    }

    fn reap(&self, limit: usize) -> BoxFuture<'_, Result<usize, StoreError>> {
        if self.flaw == Flaw::ReadsThenReaps {
            let now = self.clock.now();
            let expired = |(at, record): (&Address, &Record)| record.state.is_expired(now).then_some(*at);
            let claims = *self.arrived();
            let seen: Vec<_> = self.records().iter().filter_map(expired).take(limit).collect();
            self.wait_from(claims);
            let mut records = self.records();
            return ready(Ok(seen.iter().filter(|at| records.remove(at).is_some()).count()));
        }
        ready(Ok(sweeps::reap(self.flaw, &mut self.records(), limit, self.clock.now())))
    }

    fn list(&self, page: Page) -> BoxFuture<'_, Result<Vec<Entry>, StoreError>> {
        ready(Ok(listed::list(self.flaw, &self.records(), &page)))
    }

    fn count(&self, count: Count) -> BoxFuture<'_, Result<u64, StoreError>> {
        ready(Ok(listed::count(self.flaw, &self.records(), &count)))
    }

    fn tally(&self, namespace: Namespace) -> BoxFuture<'_, Result<Tally, StoreError>> {
        ready(Ok(tallies::tally(self.flaw, &self.records(), &namespace, self.clock.now())))
    }

    fn settle(&self, s: Settlement) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(s.address, |slot, now| orders::settle(self.flaw, slot, &s, now))
    }

    fn free(&self, f: Free) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(f.address, |slot, now| orders::free(self.flaw, slot, &f, now))
    }

    fn forget(&self, f: Forget) -> BoxFuture<'_, Result<WriteOutcome, StoreError>> {
        self.write(f.address, |slot, _| orders::forget(self.flaw, slot, &f))
    }

    fn claim_batch(&self, batch: Batch<Claim>) -> BoxFuture<'_, Answers<ClaimOutcome>> {
        let one = |_, claim: Claim| {
            let act = |slot: &mut Option<Record>, now| match slot {
                Some(record)
                    if self.flaw == Flaw::ForgetsRepeatedBatches && record.owner.nonce == claim.nonce =>
                {
                    ClaimOutcome::InFlight { lease_left: claim.lease }
                }
                slot => claims::claim(self.flaw, slot, claim.clone(), now),
            };
            self.with(Flaw::ReadsThenClaims, claim.address, act)
        };
        self.batch(batch, one, |outcome| *outcome == ClaimOutcome::Mismatch)
    }

    fn complete_batch(&self, batch: Batch<Completion>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        let starves = matches!(self.flaw, Flaw::StarvesBatchesWithLongReplies | Flaw::HangsUpOnLongReplies);
        if starves && batch.iter().any(writes::is_long) {
            return ready(batch.into_iter().map(|_| Err(writes::hung_up())).collect());
        }
        let mut shared = None;
        let one = |at, mut c: Completion| {
            if self.flaw == Flaw::SharesRepliesInBatches {
                c.reply = shared.get_or_insert(c.reply).clone();
            }
            if self.flaw == Flaw::WritesOnlyTheFirstThousand && at >= 1000 {
                return WriteOutcome::Lost(protocol::RecordView::Running);
            }
            let address = c.address;
            let act = |slot: &mut Option<Record>, now| {
                writes::own_in_batch(self.flaw, slot.as_ref(), &mut c.owner);
                writes::complete(self.flaw, slot, &c, now)
            };
            self.with(Flaw::ReadsThenWrites, address, act)
        };
        self.batch(batch, one, is_lost)
    }

    fn release_batch(&self, batch: Batch<Release>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        let one = |_, mut r: Release| {
            let address = r.address;
            let act = |slot: &mut Option<Record>, now| {
                writes::own_in_batch(self.flaw, slot.as_ref(), &mut r.owner);
                writes::release(self.flaw, slot, &r, now)
            };
            self.with(Flaw::ReadsThenWrites, address, act)
        };
        self.batch(batch, one, is_lost)
    }

    fn mark_unknown_batch(&self, batch: Batch<MarkUnknown>) -> BoxFuture<'_, Answers<WriteOutcome>> {
        let one = |_, mut s: MarkUnknown| {
            let act = |slot: &mut Option<Record>, _| {
                writes::own_in_batch(self.flaw, slot.as_ref(), &mut s.owner);
                writes::mark_unknown(self.flaw, slot, s.owner)
            };
            self.with(Flaw::ReadsThenWrites, s.address, act)
        };
        self.batch(batch, one, is_lost)
    }
}
