//! The worker of `#[tx]`: claim, effect and completion are one transaction, or none of them is.

use idem_core::protocol::{AfterCrash, ClaimOutcome, State, Won, WriteOutcome};

use crate::action::{Action, Step};
use crate::coverage::Event;
use crate::judge::{By, Told};
use crate::model::Explored;
use crate::mutant::Mutant;
use crate::state::{Answer, End, Halves, Outcome, Phase, Request, Tx, World, nonce};

impl Explored {
    pub(crate) fn coupled(&self, world: &World, call: u8, actions: &mut Vec<Action>) {
        let phase = world.call(call).phase;
        if !phase.is_live() {
            return;
        }
        let locked = world.locked(world.call(call).key);
        let mut offer = |step| actions.push(Action::Call(call, step));
        offer(Step::Crash);
        match phase {
            Phase::Writing(_, written) => {
                if written < 2 {
                    offer(Step::Write);
                } else if world.holds_row(call) || !locked {
                    offer(Step::Finish);
                }
                offer(Step::Refuse);
                offer(Step::Abort);
            }
            Phase::Refusing if self.waits(locked) => offer(Step::ToldLocked),
            Phase::Refusing => offer(Step::StoreRefusal),
            Phase::Ready(_) => {
                offer(Step::Commit);
                offer(Step::CommitUnheard);
                offer(Step::CrashCommitting);
            }
            Phase::Settling => {
                if locked && (self.guards.lacks(Mutant::PlainRead) || !self.settling_waits()) {
                    offer(Step::Settle);
                }
                self.ask(world, call, Step::Settle, Request::Ask, &mut offer);
            }
            Phase::Ending(end, fence) => {
                if locked && !self.settling_waits() {
                    offer(Step::End(end));
                }
                self.ask(world, call, Step::End(end), Request::End(end, fence), &mut offer);
            }
            _ => {}
        }
    }

    fn settling_waits(&self) -> bool {
        !self.guards.lacks(Mutant::SettlingDoesNotWait)
    }

    /// A locked row keeps a claim out.
    pub(crate) fn waits(&self, locked: bool) -> bool {
        locked && !self.guards.lacks(Mutant::NoRowLock)
    }

    pub(crate) fn coupled_step(&self, world: &mut World, call: u8, step: Step) {
        let phase = world.call(call).phase;
        match (step, phase) {
            (Step::Claim, _) => match self.begin_transaction(world, call) {
                ClaimOutcome::Won(won) => world.call_mut(call).phase = Phase::Writing(won.owner.fence, 0),
                refused => world.refuse(call, &refused),
            },
            (Step::ToldLocked, _) => {
                self.saw(Event::ToldLocked);
                world.tell(call, Told::Refused);
            }
            (Step::Write, Phase::Writing(fence, written)) => {
                let call = world.call_mut(call);
                if let Some(tx) = &mut call.tx {
                    tx.writes.0 |= 1 << written;
                }
                call.phase = Phase::Writing(fence, written + 1);
            }
            (Step::Finish | Step::Refuse | Step::Abort, Phase::Writing(..)) => self.leave(world, call, step),
            (Step::StoreRefusal, _) => match self.begin_transaction(world, call) {
                ClaimOutcome::Won(won) => self.complete_inside(world, call, won, Outcome::Refusal),
                refused => world.refuse(call, &refused),
            },
            (Step::Commit, Phase::Ready(outcome)) => {
                self.commit(world, call);
                world.tell(call, Told::Answer(Answer::Of(call, outcome)));
            }
            (Step::CommitUnheard, _) => {
                world.doubt(call);
                world.call_mut(call).phase = Phase::Settling;
            }
            (Step::CrashCommitting, _) => {
                world.doubt(call);
                world.tell(call, Told::Refused);
            }
            (Step::Crash, _) => {
                world.roll_back(call);
                world.tell(call, Told::Refused);
            }
            (Step::Settle, _) => self.settle_commit(world, call),
            (Step::Unheard(request), _) => self.unheard(world, call, request),
            (Step::End(end), Phase::Ending(_, fence)) => {
                let outcome = self.write_end(world, call, end, fence);
                self.answer(world, call, end, outcome);
            }
            _ => {}
        }
    }

    /// BEGIN, and the claim inside. Its row stays locked if it is won; else the transaction is over.
    fn begin_transaction(&self, world: &mut World, call: u8) -> ClaimOutcome {
        let now = world.now();
        let (key, other) = (world.call(call).key, world.call(call).other);
        let met = world.key(key).record.clone();
        let mut row = met.clone();
        // A running record that is seen outside was committed too early: it is not known with which effects.
        let after_crash = if self.guards.lacks(Mutant::RerunInTransaction) {
            AfterCrash::Rerun
        } else {
            AfterCrash::Unknown
        };
        let outcome = self.guards.claim(&mut row, nonce(call, false), other, after_crash, now);
        world.judge_claim(self, call, met.as_ref(), &outcome);
        if matches!(outcome, ClaimOutcome::Won(_)) {
            let call = world.call_mut(call);
            (call.tx, call.marks.begun) = (Some(Box::new(Tx { row, ..Tx::default() })), true);
        }
        outcome
    }

    /// The handler has returned. If the row is not in its transaction any more, the database ended that one: what it
    /// wrote first may be committed or not, and nothing of the rest must be.
    fn leave(&self, world: &mut World, call: u8, step: Step) {
        let Phase::Writing(fence, _) = world.call(call).phase else { return };
        let unnoticed = match step {
            Step::Finish => Mutant::EarlyCommitUnnoticed,
            Step::Refuse => Mutant::RefusalUnnoticed,
            _ => Mutant::AbortUnnoticed,
        };
        let forced = step == Step::Finish && self.guards.lacks(Mutant::CommitAnyway);
        if !world.holds_row(call) && !self.guards.lacks(unnoticed) && !forced {
            let torn = world.call(call).marks.torn;
            self.saw(if torn { Event::EarlyCommitNoticed } else { Event::RollbackNoticed });
            world.roll_back(call);
            world.call_mut(call).phase = Phase::Ending(End::MarkUnknown, fence);
            return;
        }
        let won = Won::new(world.owner(call, fence), 1);
        match step {
            Step::Finish => self.complete_inside(world, call, won, Outcome::Success),
            Step::Refuse if self.guards.lacks(Mutant::RefusalKeepsEffect) => {
                self.complete_inside(world, call, won, Outcome::Refusal);
            }
            Step::Refuse => {
                world.roll_back(call);
                world.call_mut(call).phase = Phase::Refusing;
            }
            _ => {
                world.roll_back(call);
                world.tell(call, Told::Nothing);
            }
        }
    }

    /// The completion inside the transaction. Unless it changed the row, nothing is committed.
    fn complete_inside(&self, world: &mut World, call: u8, won: Won, outcome: Outcome) {
        let now = world.now();
        let committed = world.key(world.call(call).key).record.clone();
        let reply = Answer::Of(call, outcome).reply();
        let Some(tx) = &mut world.call_mut(call).tx else { return };
        let mut row = tx.row.clone().or(committed);
        let applied = if self.guards.lacks(Mutant::CompletedAfterCommit) {
            tx.row = None;
            true
        } else {
            let applied = self.guards.complete(&mut row, won.owner, &reply, now) == WriteOutcome::Applied;
            if applied {
                tx.row = row;
            }
            applied
        };
        if applied || self.guards.lacks(Mutant::CommitAnyway) {
            world.call_mut(call).phase = Phase::Ready(outcome);
        } else {
            world.roll_back(call);
            world.call_mut(call).phase = Phase::Ending(End::MarkUnknown, won.owner.fence);
        }
    }

    /// The database carries a COMMIT out.
    pub(crate) fn commit(&self, world: &mut World, call: u8) {
        let Some(tx) = world.call_mut(call).tx.take() else { return };
        if let Some(row) = tx.row {
            let refusal = matches!(&row.state, State::Done { reply, .. }
                if Answer::read(reply) == Answer::Of(call, Outcome::Refusal));
            if refusal {
                self.saw(Event::RefusalStored);
            }
            let key = world.call(call).key;
            world.write(self, key, By::Owner(call, row.owner.fence), |record, _| *record = Some(row));
        }
        let landed = &mut world.call_mut(call).marks.landed;
        *landed = Halves(landed.0 | tx.writes.0);
    }

    /// COMMIT was not heard of. The claim is repeated with its nonce, by a write that waits for the old transaction's
    /// end: if it is won, that one came to nothing.
    fn settle_commit(&self, world: &mut World, call: u8) {
        if self.guards.lacks(Mutant::PlainRead) {
            let record = world.key(world.call(call).key).record.clone();
            let told = match record.map(|record| record.state) {
                Some(State::Done { reply, .. }) => Told::Answer(Answer::read(&reply)),
                _ => Told::Nothing,
            };
            world.tell(call, told);
            return;
        }
        match self.claim(world, call) {
            ClaimOutcome::Won(won) => {
                world.call_mut(call).phase = Phase::Ending(End::Release, won.owner.fence);
            }
            refused => world.refuse(call, &refused),
        }
    }
}

impl World {
    /// The claim's row is in the transaction in which it was claimed.
    fn holds_row(&self, call: u8) -> bool {
        self.call(call).tx.as_ref().is_some_and(|tx| tx.row.is_some())
    }

    pub(crate) fn roll_back(&mut self, call: u8) {
        self.call_mut(call).tx = None;
    }

    fn doubt(&mut self, call: u8) {
        if let Some(tx) = &mut self.call_mut(call).tx {
            tx.doubtful = true;
        }
    }
}
