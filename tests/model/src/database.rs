//! What the database does to transactions, and the network to what is under way.

use crate::action::{Action, Fate};
use crate::coverage::Event;
use crate::model::Explored;
use crate::state::{Phase, Tx, World};

impl Explored {
    pub(crate) fn fates(world: &World, number: u8, actions: &mut Vec<Action>) {
        let call = world.call(number);
        let mut offer = |fate| actions.push(Action::Database(number, fate));
        for late in &call.late {
            offer(Fate::Lose(*late));
            // A statement waits for a locked row.
            if !world.locked(call.key) {
                offer(Fate::Deliver(*late));
            }
        }
        let Some(tx) = &call.tx else { return };
        if tx.doubtful {
            offer(Fate::Land);
            offer(Fate::Undo);
        } else if tx.row.is_some() && matches!(call.phase, Phase::Writing(..)) {
            // Only under a statement of the handler. A transaction that dies at COMMIT gets an error, and counts as a crash.
            offer(Fate::RollBack);
            offer(Fate::CommitEarly);
        }
    }

    pub(crate) fn meet(&self, world: &mut World, call: u8, fate: Fate) {
        match fate {
            Fate::Deliver(request) => self.deliver(world, call, request),
            Fate::Lose(request) => world.call_mut(call).late.retain(|late| *late != request),
            Fate::Land => {
                self.saw(Event::CommitLanded);
                self.commit(world, call);
            }
            Fate::Undo => {
                self.saw(Event::CommitUndone);
                world.roll_back(call);
            }
            Fate::RollBack => world.call_mut(call).tx = Some(Box::new(Tx::default())),
            Fate::CommitEarly => {
                self.commit(world, call);
                world.call_mut(call).marks.torn = true;
                world.call_mut(call).tx = Some(Box::new(Tx::default()));
            }
        }
    }
}
