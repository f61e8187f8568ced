//! Takes steps through a store and through the model, and compares answers and records after each.

use std::fmt::{self, Write as _};

use super::super::{Backend, Trial};
use super::agree;
use super::model::{Answer, Model, Precision, verdict};
use super::step::{Action, Ask, By, Guarded, Look, Side, Span, Step, Write, at, order_number, reply_number};
use idem_core::address::Address;
use idem_core::clock::Timestamp;
use idem_core::protocol::{ClaimOutcome, Owner, Seen, WriteOutcome};
use idem_core::store::{
    Addressed, Answers, Batch, Completion, Forget, Free, MarkUnknown, Release, Renewal, Settlement, Store,
    StoreError,
};

/// Where a store and the protocol part ways. `Display` tells the whole history so far.
#[derive(Debug)]
pub(crate) struct Divergence {
    transcript: Vec<String>,
    message: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the store does not do what the protocol says: {}", self.message)?;
        self.transcript.iter().enumerate().try_for_each(|(number, line)| writeln!(f, "{number:4}  {line}"))
    }
}

/// A history under way.
pub(crate) struct Runner<B: Backend> {
    trial: Trial<B>,
    pub(super) model: Model,
    pub(super) precision: Precision,
    transcript: Vec<String>,
}

pub(super) type Told<T> = Result<T, String>;

impl<B: Backend> Runner<B> {
    /// At the beginning, with no records.
    pub(crate) fn new(trial: Trial<B>) -> Self {
        let (now, timing) = (trial.backend().now(), trial.timing());
        let precision = if now.is_some() { Precision::Exact } else { Precision::Loose };
        // A clock that runs is followed by one that moves only where time matters.
        let now = now.unwrap_or(Timestamp::from_micros(1 << 50));
        Self { trial, model: Model::new(now, timing), precision, transcript: Vec::new() }
    }

    /// How many steps were taken.
    pub(crate) fn steps_taken(&self) -> usize {
        self.transcript.len()
    }

    /// Takes one step.
    pub(crate) async fn step(&mut self, step: &Step) -> Result<(), Divergence> {
        self.transcript.push(format!("{step:?}"));
        let result = self.try_step(step).await;
        result.map_err(|message| Divergence { transcript: std::mem::take(&mut self.transcript), message })
    }

    async fn try_step(&mut self, step: &Step) -> Told<()> {
        match &step.action {
            Action::Claim(ask) => {
                let outcome = self.store(step.side).claim(ask.request(self.model.timing)).await;
                self.judge_claim(ask, outcome)?;
            }
            Action::Claims(asks) => self.claims(step.side, asks).await?,
            Action::Write(Guarded { key, by, write }) => {
                let owner = self.model.owner(*by, *key);
                let answer = self.write(step.side, *key, owner, write).await;
                self.judge_write(*key, owner, write, answer)?;
            }
            Action::Writes(write, owners) => self.writes(step.side, write, owners).await?,
            Action::Sweep { of, grace, retention, limit } => {
                self.sweep(step.side, *of, *grace, *retention, *limit).await?;
            }
            Action::Reap { limit } => self.reap(step.side, *limit).await?,
            Action::Advance(span) => self.advance(*span).await,
            Action::Audit => self.audit(step.side).await?,
        }
        if self.precision == Precision::Loose && step.action.sets_short_span() {
            self.advance(Span::Short).await;
        }
        self.compare_records(step.side).await
    }

    pub(super) fn store(&self, side: Side) -> &B::Store {
        let [one, two] = self.trial.handles();
        match side {
            Side::One => one,
            Side::Two => two,
        }
    }

    pub(super) fn note(&mut self, answer: &dyn fmt::Debug) {
        if let Some(line) = self.transcript.last_mut() {
            // Writing to a string cannot fail.
            let _ = write!(line, " -> {answer:?}");
        }
    }

    async fn advance(&mut self, span: Span) {
        // On a clock that runs, a history does not wait for a long span.
        let span = if self.precision == Precision::Loose { Span::Short } else { span };
        self.trial.backend().advance(span.of(self.model.timing)).await;
        self.model.advance(span);
    }

    async fn claims(&mut self, side: Side, asks: &[Ask]) -> Told<()> {
        let timing = self.model.timing;
        let (batch, _) = Batch::new(asks.iter().map(|ask| ask.request(timing)).collect());
        let order: Vec<_> = batch.iter().map(|claim| (claim.address, claim.nonce)).collect();
        let answers = self.store(side).claim_batch(batch).await;
        let meant =
            |ask: &&Ask, (address, nonce)| at(ask.key) == address && ask.request(timing).nonce == nonce;
        same_length(answers.len(), order.len())?;
        for (which, answer) in order.into_iter().zip(answers) {
            let ask = asks.iter().find(|ask| meant(ask, which)).ok_or("a batch holds what was put in")?;
            self.judge_claim(ask, answer)?;
        }
        Ok(())
    }

    fn judge_claim(&mut self, ask: &Ask, answer: Result<ClaimOutcome, StoreError>) -> Told<()> {
        let got = answer.map_err(|error| format!("the claim failed: {error:?}"))?;
        self.note(&got);
        let floor = self.model.floor(ask.key);
        let repeat = self.model.record(ask.key).map(|record| record.owner);
        let expected = self.model.claim(ask);
        agree::claims(self.precision, &expected, &got, repeat, floor)?;
        if let ClaimOutcome::Won(won) = got {
            self.model.adopt(ask.key, won);
        }
        Ok(())
    }

    async fn write(&self, side: Side, key: u8, owner: Owner, write: &Write) -> Result<Answer, StoreError> {
        let (store, timing, address) = (self.store(side), self.model.timing, at(key));
        Ok(Answer::Write(match write {
            Write::Complete { reply, retention } => {
                let (reply, retention) = (reply_number(*reply), retention.of(timing));
                store.complete(Completion::new(address, owner, reply, retention)).await?
            }
            Write::Release { retention } => {
                store.release(Release::new(address, owner, retention.of(timing))).await?
            }
            Write::MarkUnknown => store.mark_unknown(MarkUnknown::new(address, owner)).await?,
            Write::Settle { whose, look, happened, order, retention } => {
                let (verdict, order) = (verdict(*happened), order_number(*order));
                let (seen, retention) = (self.look(side, key, owner, *look).await?, retention.of(timing));
                store.settle(Settlement::new(whose.at(key), address, seen, verdict, order, retention)).await?
            }
            Write::Free { whose, look, order, retention } => {
                let (order, retention) = (order_number(*order), retention.of(timing));
                let seen = self.look(side, key, owner, *look).await?;
                store.free(Free::new(whose.at(key), address, seen, order, retention)).await?
            }
            Write::Forget { whose, look } => {
                let seen = self.look(side, key, owner, *look).await?;
                store.forget(Forget::new(whose.at(key), address, seen)).await?
            }
            Write::Renew { lease } => {
                let (batch, _) = Batch::new(vec![Renewal::new(address, owner, lease.of(timing))]);
                let mut answers = store.renew(batch).await;
                return answers
                    .pop()
                    .map_or_else(|| panic!("a batch of one gets one answer"), |a| a.map(Answer::Renew));
            }
        }))
    }

    /// The record as the store has it: its times are not the model's where its clock runs.
    async fn look(&self, side: Side, key: u8, owner: Owner, look: Look) -> Result<Seen, StoreError> {
        let found = self.store(side).look_up(at(key)).await?;
        Ok(look.at(owner, found.as_ref()))
    }

    async fn writes(&mut self, side: Side, write: &Write, owners: &[(u8, By)]) -> Told<()> {
        let timing = self.model.timing;
        let owners: Vec<_> = owners.iter().map(|(key, by)| (*key, self.model.owner(*by, *key))).collect();
        let store = self.store(side);
        let told = match write {
            Write::Complete { reply, retention } => {
                let (reply, retention) = (reply_number(*reply), retention.of(timing));
                let (batch, order) = batch(&owners, |address, owner| {
                    Completion::new(address, owner, reply.clone(), retention)
                });
                (order, written(store.complete_batch(batch).await))
            }
            Write::Release { retention } => {
                let retention = retention.of(timing);
                let (batch, order) = batch(&owners, |address, owner| Release::new(address, owner, retention));
                (order, written(store.release_batch(batch).await))
            }
            Write::Renew { lease } => {
                let lease = lease.of(timing);
                let (batch, order) = batch(&owners, |address, owner| Renewal::new(address, owner, lease));
                let answers = store.renew(batch).await;
                (order, answers.into_iter().map(|answer| answer.map(Answer::Renew)).collect())
            }
            Write::MarkUnknown => {
                let (batch, order) = batch(&owners, MarkUnknown::new);
                (order, written(store.mark_unknown_batch(batch).await))
            }
            Write::Settle { .. } | Write::Free { .. } | Write::Forget { .. } => {
                // These have no batch form.
                let mut answers = Vec::new();
                for (key, owner) in &owners {
                    answers.push(self.write(side, *key, *owner, write).await);
                }
                (owners, answers)
            }
        };
        same_length(told.1.len(), told.0.len())?;
        for ((key, owner), answer) in told.0.into_iter().zip(told.1) {
            self.judge_write(key, owner, write, answer)?;
        }
        Ok(())
    }

    fn judge_write(
        &mut self,
        key: u8,
        owner: Owner,
        write: &Write,
        answer: Result<Answer, StoreError>,
    ) -> Told<()> {
        let got = answer.map_err(|error| format!("{write:?} failed: {error:?}"))?;
        self.note(&got);
        let expected = self.model.write(key, owner, write);
        if got == expected { Ok(()) } else { Err(format!("the answer must be {expected:?} and is {got:?}")) }
    }
}

fn same_length(answers: usize, operations: usize) -> Told<()> {
    if answers == operations { Ok(()) } else { Err(format!("{operations} operations got {answers} answers")) }
}

fn written(answers: Answers<WriteOutcome>) -> Answers<Answer> {
    answers.into_iter().map(|answer| answer.map(Answer::Write)).collect()
}

/// A batch, and the keys and owners in its order.
fn batch<T: Addressed>(
    owners: &[(u8, Owner)],
    make: impl Fn(Address, Owner) -> T,
) -> (Batch<T>, Vec<(u8, Owner)>) {
    let (batch, _) = Batch::new(owners.iter().map(|(key, owner)| make(at(*key), *owner)).collect());
    let of = |request: &T| owners.iter().find(|(key, _)| at(*key) == request.address()).copied();
    let order = batch.iter().filter_map(of).collect();
    (batch, order)
}
