//! What happens to records without a caller: sweeper, reaper, verdicts, operators.

use idem_core::protocol::{self, Seen, State, Verdict, WriteOutcome};

use crate::action::{Action, Upkeep};
use crate::coverage::Event;
use crate::guards::namespace;
use crate::judge::By;
use crate::model::Explored;
use crate::mutant::Mutant;
use crate::state::{Answer, Finding, World};

impl Explored {
    pub(crate) fn upkeep(&self, world: &World, key: u8, actions: &mut Vec<Action>) {
        let held = world.key(key);
        // A locked row is skipped, or waited for.
        if world.locked(key) {
            return;
        }
        let mut offer = |upkeep| actions.push(Action::Key(key, upkeep));
        if held.verdict.is_some() {
            offer(Upkeep::Settle);
        }
        let Some(record) = &held.record else { return };
        match record.state {
            State::Running { lease } if lease <= world.now() => offer(Upkeep::Sweep),
            State::Unknown if held.verdict.is_none() => offer(Upkeep::Ask),
            _ => {}
        }
        if record.state.is_expired(world.now()) || self.reaps_more() {
            offer(Upkeep::Reap);
        }
        if self.config.forget && !matches!(record.state, State::Running { .. }) {
            offer(Upkeep::Forget);
        }
    }

    fn reaps_more(&self) -> bool {
        self.guards.lacks(Mutant::ReaperDropsUnknown) || self.guards.lacks(Mutant::ReaperDropsRunning)
    }

    pub(crate) fn keep_up(&self, world: &mut World, key: u8, upkeep: Upkeep) {
        match upkeep {
            Upkeep::Sweep => world.write(self, key, By::Upkeep, |record, now| {
                if let Some(record) = record {
                    let _ = self.guards.sweep(record, now);
                }
            }),
            Upkeep::Reap => {
                if world.write(self, key, By::Upkeep, |record, now| self.guards.reap(record, now)) {
                    self.saw(Event::Reaped);
                }
            }
            Upkeep::Ask => world.key_mut(key).verdict = world.find_out(key),
            Upkeep::Settle => {
                if let Some(finding) = world.key_mut(key).verdict.take() {
                    self.settle(world, key, &finding);
                }
            }
            Upkeep::Forget => {
                let Some(seen) = world.key(key).record.as_ref().map(Seen::of) else { return };
                let outcome = world
                    .write(self, key, By::Operator, |record, _| protocol::forget(record, namespace(), seen));
                if outcome == WriteOutcome::Applied {
                    self.saw(Event::Forgotten);
                }
            }
        }
    }

    pub(crate) fn settle(&self, world: &mut World, key: u8, finding: &Finding) {
        let denies = finding.verdict == Verdict::DidNotHappen;
        let by = By::Verdict { about: finding.seen, denies };
        let outcome = world.write(self, key, by, |record, now| {
            self.guards.settle(record, finding.seen, &finding.verdict, now)
        });
        self.saw(match outcome {
            WriteOutcome::Lost(_) => Event::VerdictRefused,
            WriteOutcome::Applied if denies => Event::Denied,
            WriteOutcome::Applied => Event::Affirmed,
        });
    }
}

impl World {
    /// The truth about an operation, as far as it has come. A hook that cannot tell leaves the record as it is.
    fn find_out(&self, key: u8) -> Option<Finding> {
        let seen = self.key(key).record.as_ref()?.owner;
        let happened = self.calls.iter().any(|call| call.key == key && call.marks.any());
        let verdict =
            if happened { Verdict::Happened(Answer::Verdict.reply()) } else { Verdict::DidNotHappen };
        Some(Finding { seen, verdict })
    }
}
