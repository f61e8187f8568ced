//! A claim as stores on a server make it: an insertion where there is no record, and a conditional change of a record
//! that was read before. A worker that hears the answer has sent both; what is under way unheard is one of the two.

use idem_core::protocol::{ClaimOutcome, Fence, Seen};

use crate::config::Form;
use crate::coverage::Event;
use crate::judge::By;
use crate::model::Explored;
use crate::mutant::Mutant;
use crate::state::{Request, World, nonce};

impl Explored {
    /// The claim as a statement of its own.
    pub(crate) fn claim(&self, world: &mut World, call: u8) -> ClaimOutcome {
        self.claim_as(world, call, world.call(call).renamed)
    }

    fn claim_as(&self, world: &mut World, call: u8, renamed: bool) -> ClaimOutcome {
        let (key, other, after_crash) = (world.call(call).key, world.call(call).other, world.after_crash);
        let key = self.guards.address(key);
        let met = world.key(key).record.clone();
        let outcome = world.write(self, key, By::Claim(call), |record, now| {
            self.guards.claim(record, nonce(call, renamed), other, after_crash, now)
        });
        world.judge_claim(self, call, met.as_ref(), &outcome);
        outcome
    }

    /// The statements of a claim that can come to something, as its record stands: the insertion where there is none, the
    /// conditional change where the claim may change what it has read.
    pub(crate) fn claims(&self, world: &World, call: u8, key: u8, other: bool) -> Vec<Request> {
        let beside = (self.config.beside && self.config.form != Form::Tx).then_some(Request::Ask);
        let statement = match &world.key(self.guards.address(key)).record {
            None => Some(Request::Insert),
            Some(record) => {
                let mut after = Some(record.clone());
                let renamed = world.call(call).renamed;
                let (after_crash, now) = (world.after_crash, world.now());
                drop(self.guards.claim(&mut after, nonce(call, renamed), other, after_crash, now));
                let Seen { state: from, until, .. } = Seen::of(record);
                let change = Request::Change { from, until, stale: false };
                (after.as_ref() != Some(record)).then_some(change)
            }
        };
        statement.into_iter().chain(beside).collect()
    }

    /// Writes what a claim, asked now or at the clock's step before, makes of the record.
    fn write_claim(&self, world: &mut World, call: u8, stale: bool) {
        let (key, other, after_crash) = (world.call(call).key, world.call(call).other, world.after_crash);
        let asked = World::time(world.clock - u8::from(stale));
        drop(world.write(self, self.guards.address(key), By::Claim(call), |record, _| {
            self.guards.claim(record, nonce(call, false), other, after_crash, asked)
        }));
    }

    /// A claim that is under way is applied, and its answer goes nowhere.
    pub(crate) fn deliver_claim(&self, world: &mut World, call: u8, request: Request) {
        match request {
            Request::Insert => {
                if world.key(self.guards.address(world.call(call).key)).record.is_none() {
                    self.write_claim(world, call, false);
                }
            }
            // Its record stands as it was read, or the change would not be under way any more.
            Request::Change { from, until, stale } => {
                let key = self.guards.address(world.call(call).key);
                let seen = world.key(key).record.as_ref().map(Seen::of);
                // Times that are over are not told apart here.
                let named = seen.is_some_and(|seen| (seen.state, seen.until) == (from, until))
                    && until > Some(world.now());
                if named || !self.guards.lacks(Mutant::ChangeNamesNoOwner) {
                    self.saw(Event::ChangedLate);
                    self.write_claim(world, call, stale);
                }
            }
            Request::Ask => {
                drop(self.claim_as(world, call, false));
            }
            Request::Renew(_) | Request::Step(_) | Request::End(..) => {}
        }
    }
}

impl World {
    /// The fence of the record, if it is the call's own.
    pub(crate) fn owned(&self, call: u8) -> Option<Fence> {
        let owner = self.key(self.call(call).key).record.as_ref()?.owner;
        (owner.nonce == nonce(call, self.call(call).renamed)).then_some(owner.fence)
    }
}
