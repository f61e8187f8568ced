//! The worker of a plain operation: claim, effect elsewhere, end, each by itself. With steps: the effect is one, and
//! its output is stored before the end.

use idem_core::protocol::{
    self, ClaimOutcome, Fence, RecordView, RenewOutcome, StepOutcome, Won, WriteOutcome,
};

use crate::action::{Action, Step};
use crate::config::Form;
use crate::coverage::Event;
use crate::guards::fingerprint;
use crate::judge::{By, Told};
use crate::model::Explored;
use crate::mutant::Mutant;
use crate::rule::Rule;
use crate::state::{Answer, End, Outcome, Phase, Request, World};

/// The only step there is.
const STEP: &str = "charge";

impl Explored {
    pub(crate) fn plain(&self, world: &World, call: u8, actions: &mut Vec<Action>) {
        let phase = world.call(call).phase;
        if !phase.is_live() {
            return;
        }
        let mut offer = |step| actions.push(Action::Call(call, step));
        offer(Step::Crash);
        let steps = self.config.form == Form::Steps;
        let fence = match phase {
            Phase::Claiming => {
                if !world.locked(world.call(call).key) {
                    offer(Step::Claim);
                }
                let sent = world.call(call);
                for request in self.claims(world, call, sent.key, sent.other) {
                    if !sent.late.contains(&request) && self.may_be_late(world) {
                        offer(Step::Unheard(request));
                    }
                }
                if self.guards.lacks(Mutant::FollowerGivesUp) {
                    offer(Step::GiveUp);
                }
                return;
            }
            Phase::Won(fence) => {
                offer(Step::Effect);
                self.end(world, call, End::Release, fence, &mut offer);
                fence
            }
            Phase::Ran(fence) if steps => {
                self.ask(world, call, Step::Store, Request::Step(fence), &mut offer);
                fence
            }
            Phase::Ran(fence) | Phase::Stored(fence) => {
                self.end(world, call, End::Complete, fence, &mut offer);
                self.end(world, call, End::MarkUnknown, fence, &mut offer);
                fence
            }
            Phase::Ending(end, fence) => {
                self.end(world, call, end, fence, &mut offer);
                fence
            }
            _ => return,
        };
        // One that is sent in vain is like one that was sent before, and comes late.
        if world
            .key(world.call(call).key)
            .record
            .as_ref()
            .is_some_and(|record| record.owner == world.owner(call, fence))
        {
            self.ask(world, call, Step::Renew, Request::Renew(fence), &mut offer);
        }
    }

    fn end(&self, world: &World, call: u8, end: End, fence: Fence, offer: &mut impl FnMut(Step)) {
        self.ask(world, call, Step::End(end), Request::End(end, fence), offer);
    }

    /// A request that is heard of, or not.
    pub(crate) fn ask(
        &self,
        world: &World,
        call: u8,
        heard: Step,
        request: Request,
        offer: &mut impl FnMut(Step),
    ) {
        let sent = world.call(call);
        // A statement of its own waits for a locked row.
        if !world.locked(sent.key) {
            offer(heard);
        }
        if !sent.late.contains(&request) && self.may_be_late(world) {
            offer(Step::Unheard(request));
        }
    }

    pub(crate) fn plain_step(&self, world: &mut World, call: u8, step: Step) {
        let phase = world.call(call).phase;
        match (step, phase) {
            (Step::Claim, _) => {
                match (self.claim(world, call), world.owned(call)) {
                    (ClaimOutcome::Won(won), _) => world.call_mut(call).phase = Phase::Won(won.owner.fence),
                    // Its lease was over before it heard that it had won. The handler never began, and never will.
                    (ClaimOutcome::Unknown, Some(fence)) => {
                        self.saw(Event::ReleasedUnbegun);
                        world.call_mut(call).phase = Phase::Ending(End::Release, fence);
                    }
                    (refused, _) => world.refuse(call, &refused),
                }
            }
            (Step::Unheard(request), _) => self.unheard(world, call, request),
            (Step::GiveUp, _) => world.tell(call, Told::Refused),
            (Step::Effect, Phase::Won(fence)) => self.effect(world, call, fence),
            (Step::Store, Phase::Ran(fence)) => match Self::store_step(world, call, fence) {
                StepOutcome::Stored | StepOutcome::Existing(_) => {
                    world.call_mut(call).phase = Phase::Stored(fence);
                }
                StepOutcome::Lost(_) => world.tell(call, Told::Refused),
            },
            (
                Step::Renew,
                Phase::Won(fence) | Phase::Ran(fence) | Phase::Stored(fence) | Phase::Ending(_, fence),
            ) => {
                self.renew(world, call, fence);
            }
            (
                Step::End(end),
                Phase::Won(fence) | Phase::Ran(fence) | Phase::Stored(fence) | Phase::Ending(_, fence),
            ) => {
                let outcome = self.write_end(world, call, end, fence);
                self.answer(world, call, end, outcome);
            }
            (Step::Crash, _) => {
                world.call_mut(call).marks.begun = true;
                world.tell(call, Told::Refused);
            }
            _ => {}
        }
    }

    /// What cannot be undone; unless an earlier attempt has stored it as a step.
    fn effect(&self, world: &mut World, call: u8, fence: Fence) {
        let key = world.call(call).key;
        if world.key(key).steps.get(STEP).is_some() {
            if !self.guards.lacks(Mutant::StepIsRunAgain) {
                self.saw(Event::StepReused);
                world.call_mut(call).marks.begun = true;
                world.call_mut(call).phase = Phase::Stored(fence);
                return;
            }
            world.broken.add(Rule::StoredStepsStay);
        }
        world.take_effect(call);
        world.call_mut(call).phase = Phase::Ran(fence);
    }

    pub(crate) fn may_be_late(&self, world: &World) -> bool {
        world.calls.iter().map(|call| call.late.len()).sum::<usize>() < self.config.late
    }

    /// Sends a request that is not heard of.
    pub(crate) fn unheard(&self, world: &mut World, call: u8, request: Request) {
        let sent = world.call_mut(call);
        sent.late.push(request);
        sent.late.sort_unstable();
        match request {
            Request::End(end, fence) => sent.phase = Phase::Ending(end, fence),
            claim if claim.is_claim() && self.guards.lacks(Mutant::FreshNonce) => sent.renamed = true,
            _ => {}
        }
        if matches!(request, Request::End(End::Complete, _)) && self.guards.lacks(Mutant::AnswerBeforeRecord)
        {
            world.tell(call, Told::Answer(Answer::Of(call, Outcome::Success)));
        }
    }

    fn renew(&self, world: &mut World, call: u8, fence: Fence) {
        let (key, owner) = (world.call(call).key, world.owner(call, fence));
        let outcome = world
            .write(self, key, By::Owner(call, fence), |record, now| self.guards.renew(record, owner, now));
        // A handler that does not hear that it lost its claim goes on, so this is all that happens.
        if outcome == RenewOutcome::Lost {
            self.saw(Event::StaleWriteRefused);
        }
    }

    pub(crate) fn write_end(&self, world: &mut World, call: u8, end: End, fence: Fence) -> WriteOutcome {
        let (key, owner) = (world.call(call).key, world.owner(call, fence));
        let reply = Answer::Of(call, Outcome::Success).reply();
        let outcome = world.write(self, key, By::Owner(call, fence), |record, now| match end {
            End::Complete => self.guards.complete(record, owner, &reply, now),
            End::Release => self.guards.release(record, owner, &reply, now),
            End::MarkUnknown => self.guards.mark_unknown(record, owner),
        });
        if outcome != WriteOutcome::Applied {
            self.saw(Event::StaleWriteRefused);
        }
        outcome
    }

    /// What the caller of an ended claim hears.
    pub(crate) fn answer(&self, world: &mut World, call: u8, end: End, outcome: WriteOutcome) {
        let own = Told::Answer(Answer::Of(call, Outcome::Success));
        let told = match (outcome, end) {
            (WriteOutcome::Applied, End::Complete) => own,
            (WriteOutcome::Applied, End::Release) => Told::Nothing,
            (WriteOutcome::Lost(RecordView::Done { .. }), End::Complete)
                if self.guards.lacks(Mutant::StaleOwnerAnswersItself) =>
            {
                own
            }
            (WriteOutcome::Lost(RecordView::Done { reply, fingerprint: said }), _)
                if said == fingerprint(world.call(call).other)
                    || self.guards.lacks(Mutant::StaleOwnerAnswersAnother) =>
            {
                self.saw(Event::Superseded);
                Told::Answer(Answer::read(&reply))
            }
            _ => Told::Refused,
        };
        world.tell(call, told);
    }

    fn store_step(world: &mut World, call: u8, fence: Fence) -> StepOutcome {
        let owner = world.owner(call, fence);
        let key = world.call(call).key;
        let held = world.key_mut(key);
        let outcome = protocol::step(&mut held.record, &mut held.steps, owner, STEP, Answer::Verdict.reply());
        if outcome == StepOutcome::Stored && !world.holds(key, call, fence) {
            world.broken.add(Rule::StaleOwnersWriteNothing);
        }
        outcome
    }

    /// A request whose caller does not wait any more is applied.
    pub(crate) fn deliver(&self, world: &mut World, call: u8, request: Request) {
        self.saw(Event::AppliedLate);
        match request {
            Request::Insert | Request::Change { .. } | Request::Ask => {
                self.deliver_claim(world, call, request);
            }
            Request::Renew(fence) => self.renew(world, call, fence),
            Request::End(end, fence) => {
                drop(self.write_end(world, call, end, fence));
            }
            Request::Step(fence) => {
                drop(Self::store_step(world, call, fence));
            }
        }
    }
}

impl World {
    /// A claim that was not won: what its caller hears.
    pub(crate) fn refuse(&mut self, call: u8, outcome: &ClaimOutcome) {
        let told = match outcome {
            ClaimOutcome::Replay(replay) => Told::Answer(Answer::read(&replay.reply)),
            ClaimOutcome::Won(Won { .. })
            | ClaimOutcome::InFlight { .. }
            | ClaimOutcome::Mismatch
            | ClaimOutcome::Unknown => Told::Refused,
        };
        self.tell(call, told);
    }
}
