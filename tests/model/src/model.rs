//! The world as stateright sees it.

use idem_core::protocol::AfterCrash;
use stateright::{Model, Property};

use crate::action::{Action, Step};
use crate::config::{Config, Form};
use crate::coverage::{Coverage, Event};
use crate::guards::Guards;
use crate::rule::Rule;
use crate::state::{Phase, World};

/// What is explored, and what was seen on the way.
#[derive(Debug)]
pub(crate) struct Explored {
    pub(crate) config: Config,
    pub(crate) guards: Guards,
    pub(crate) coverage: std::sync::Arc<Coverage>,
}

impl Explored {
    pub(crate) fn saw(&self, event: Event) {
        self.coverage.saw(event);
    }

    /// Calls begin in their order: before that, nothing tells them apart.
    fn begin(&self, world: &World, actions: &mut Vec<Action>) {
        let live = world.calls.iter().filter(|call| call.phase.is_live()).count();
        let Some(call) = world.calls.iter().position(|call| call.phase == Phase::Idle) else { return };
        if live >= self.config.workers {
            return;
        }
        let call = u8::try_from(call).unwrap_or(u8::MAX);
        // One that is over and buried says nothing any more.
        let others = world.calls.iter().filter(|call| call.other).count();
        let unheard = self.config.form != Form::Tx && self.may_be_late(world);
        for key in (0..).take(world.keys.len()) {
            for other in [false, true] {
                if other && others >= self.config.others {
                    continue;
                }
                let first = match (self.config.form, self.waits(world.locked(key))) {
                    (Form::Tx, true) => Step::ToldLocked,
                    _ => Step::Claim,
                };
                actions.push(Action::Begin { call, key, other, first });
                if unheard {
                    for request in self.claims(world, call, key, other) {
                        let first = Step::Unheard(request);
                        actions.push(Action::Begin { call, key, other, first });
                    }
                }
            }
        }
    }
}

impl Model for Explored {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let world = |policy| World::new(self.config.keys, self.config.calls, policy);
        match self.config.form {
            Form::Plain => vec![world(AfterCrash::Unknown), world(AfterCrash::Rerun)],
            Form::Steps | Form::Tx => vec![world(AfterCrash::Rerun)],
        }
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.clock < self.config.ticks {
            actions.push(Action::Tick);
        }
        for key in (0..).take(world.keys.len()) {
            self.upkeep(world, key, actions);
        }
        self.begin(world, actions);
        for call in (0..).take(world.calls.len()) {
            match self.config.form {
                Form::Plain | Form::Steps => self.plain(world, call, actions),
                Form::Tx => self.coupled(world, call, actions),
            }
            Self::fates(world, call, actions);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Tick => next.tick(),
            Action::Key(key, upkeep) => self.keep_up(&mut next, key, upkeep),
            Action::Begin { call, key, other, first } => {
                let begun = next.call_mut(call);
                (begun.phase, begun.key, begun.other) = (Phase::Claiming, key, other);
                self.step(&mut next, call, first);
            }
            Action::Call(call, step) => self.step(&mut next, call, step),
            Action::Database(call, fate) => self.meet(&mut next, call, fate),
        }
        next.tidy(self.config.symmetry);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Rule::ALL.into_iter().map(Rule::property).collect()
    }
}

impl Explored {
    fn step(&self, world: &mut World, call: u8, step: Step) {
        match self.config.form {
            Form::Plain | Form::Steps => self.plain_step(world, call, step),
            Form::Tx => self.coupled_step(world, call, step),
        }
    }
}
