//! A history, sorted by call and key.

use std::collections::BTreeMap;
use std::ops::Range;

use idem_tests::matrix::{Call, Event, Mode, Said, Seen};

/// A place in the history.
pub(super) type At = usize;

pub(super) struct Told<'h> {
    pub(super) call: &'h Call,
    pub(super) worker: &'h str,
    pub(super) invoked: At,
    pub(super) begun: Vec<At>,
    pub(super) effects: Vec<At>,
    /// With which derived key each of them was asked of a service.
    pub(super) under: Vec<Option<&'h str>>,
    pub(super) answered: Option<(At, &'h Said)>,
}

impl Told<'_> {
    /// The handler ran, and means its answer to be kept.
    pub(super) fn ran_to_pay(&self) -> bool {
        !self.begun.is_empty() && matches!(self.call.mode, Mode::Pay | Mode::Held)
    }
}

/// From when to when a worker stood still.
pub(super) struct Stall<'h> {
    pub(super) worker: &'h str,
    pub(super) from: At,
    pub(super) to: At,
}

pub(super) struct Story<'h> {
    history: &'h [Event],
    calls: BTreeMap<&'h str, Told<'h>>,
    pub(super) stalls: Vec<Stall<'h>>,
}

impl<'h> Story<'h> {
    pub(super) fn of(history: &'h [Event]) -> Self {
        let mut story = Self { history, calls: BTreeMap::new(), stalls: Vec::new() };
        for (at, event) in history.iter().enumerate() {
            story.tell(at, event);
        }
        story
    }

    fn tell(&mut self, at: At, event: &'h Event) {
        match event {
            Event::Invoked { worker, call } => {
                let told = Told {
                    call,
                    worker,
                    invoked: at,
                    begun: Vec::new(),
                    effects: Vec::new(),
                    under: Vec::new(),
                    answered: None,
                };
                assert!(self.calls.insert(&call.call, told).is_none(), "two calls are named {}", call.call);
            }
            Event::Begun { call } => self.call(call).begun.push(at),
            Event::Effect { call, under } => {
                let told = self.call(call);
                told.effects.push(at);
                told.under.push(under.as_deref());
            }
            Event::Answered { call, said } => self.call(call).answered = Some((at, said)),
            Event::Stalled { worker } => self.stalls.push(Stall { worker, from: at, to: At::MAX }),
            Event::Woken { worker } => {
                if let Some(stall) = self.stalls.iter_mut().rfind(|stall| stall.worker == worker) {
                    stall.to = at;
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, name: &str) -> &mut Told<'h> {
        self.calls.get_mut(name).unwrap_or_else(|| panic!("the history has no call {name}"))
    }

    pub(super) fn keys(&self) -> Vec<&'h str> {
        let mut keys: Vec<_> = self.calls.values().map(|told| &*told.call.key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    pub(super) fn calls(&self, key: &str) -> impl Iterator<Item = &Told<'h>> {
        self.calls.values().filter(move |told| told.call.key == key)
    }

    /// The derived keys with which services were asked for this key's effects.
    pub(super) fn derived_keys(&self, key: &str) -> impl Iterator<Item = Option<&'h str>> {
        self.calls(key).flat_map(|told| told.under.iter().copied())
    }

    pub(super) fn run(&self, name: &str) -> Option<&Told<'h>> {
        self.calls.get(name)
    }

    /// How the record stood, at each look.
    pub(super) fn records(&self, key: &str) -> impl Iterator<Item = (At, Option<&'h Seen>)> {
        self.history.iter().enumerate().filter_map(move |(at, event)| match event {
            Event::Record { key: of, seen } if of == key => Some((at, seen.as_ref())),
            _ => None,
        })
    }

    /// When the look began that ended so: what it saw was true at some moment between.
    pub(super) fn look_began(&self, key: &str, ended: At) -> At {
        let before = self.history.iter().take(ended);
        before
            .enumerate()
            .filter_map(|(at, event)| matches!(event, Event::Looking { key: of } if of == key).then_some(at))
            .next_back()
            .unwrap_or(ended)
    }

    /// The verdicts that were given, and whether it happened.
    pub(super) fn verdicts(&self, key: &str) -> impl Iterator<Item = (At, bool)> {
        self.history.iter().enumerate().filter_map(move |(at, event)| match event {
            Event::Verdict { key: of, happened } if of == key => Some((at, *happened)),
            _ => None,
        })
    }

    /// From when to when verdicts and orders to drop the record may take effect: for ever if no event says that they have
    /// been carried out.
    pub(super) fn ways_out(&self, key: &str) -> Vec<Range<At>> {
        let asked = self.verdicts(key).map(|(at, _)| at).chain(self.forgotten(key));
        let given = |from: At| {
            let mut later = self.history.iter().enumerate().skip(from);
            later.find_map(|(at, event)| matches!(event, Event::Given { key: of } if of == key).then_some(at))
        };
        asked.map(|from| from..given(from).unwrap_or(At::MAX)).collect()
    }

    /// When the record was dropped.
    pub(super) fn forgotten(&self, key: &str) -> impl Iterator<Item = At> {
        self.history.iter().enumerate().filter_map(move |(at, event)| match event {
            Event::Forgotten { key: of } if of == key => Some(at),
            _ => None,
        })
    }

    /// What the ledger says, in the end.
    pub(super) fn ledger(&self, key: &str) -> Option<&'h [String]> {
        self.history.iter().rev().find_map(|event| match event {
            Event::Ledger { key: of, runs } if of == key => Some(&**runs),
            _ => None,
        })
    }

    pub(super) fn died(&self, worker: &str) -> bool {
        self.history.iter().any(|event| matches!(event, Event::Died { worker: dead } if dead == worker))
    }

    pub(super) fn stood_still(&self, worker: &str) -> bool {
        self.stalls.iter().any(|stall| stall.worker == worker)
    }

    /// What the key was first used for.
    pub(super) fn say(&self, key: &str) -> Option<&'h str> {
        let first = self.calls(key).filter_map(|told| Some((*told.begun.first()?, &*told.call.say))).min();
        first.map(|(_, say)| say)
    }

    /// From when on every worker could know that the operation is done.
    pub(super) fn done(&self, key: &str) -> Option<At> {
        let answered = self.done_answers(key).map(|(at, ..)| at);
        let seen = self.records(key).filter(|(_, seen)| seen.is_some_and(|seen| seen.state == "done"));
        answered.chain(seen.map(|(at, _)| at)).min()
    }

    /// Every answer that says that it is done.
    pub(super) fn done_answers(&self, key: &str) -> impl Iterator<Item = (At, &Told<'h>, &'h Said)> {
        self.calls(key).filter_map(|told| match told.answered {
            Some((at, said @ Said::Done { .. })) => Some((at, told, said)),
            _ => None,
        })
    }
}
