//! How many records wait, and since when the oldest unknown one does.

use std::time::Duration;

use super::namespace::Namespace;
use super::record::{Record, State, StateKind};
use crate::clock::Timestamp;

/// The records of one namespace that do not end by themselves: they run, or wait for a verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Records that are [`State::Running`].
    pub running: u64,
    /// Records that are [`State::Unknown`].
    pub unknown: u64,
    /// Records that are [`State::Unwinding`].
    pub unwinding: u64,
    /// Records that are [`State::Stuck`].
    pub stuck: u64,
    /// The newest claim of the unknown record whose newest claim is the oldest; `None` if no record is unknown. A record
    /// does not say when it became unknown: that was at this time or later.
    pub oldest_unknown: Option<Timestamp>,
    /// The store's clock at the count; `None` if the store does not tell it.
    pub clock: Option<Timestamp>,
}

impl Tally {
    /// The states that are counted. Records in the other two, done and released, expire.
    pub const STATES: [StateKind; 4] =
        [StateKind::Running, StateKind::Unknown, StateKind::Unwinding, StateKind::Stuck];

    /// How many records are in `state`; `None` for a state that is not counted.
    #[must_use]
    pub const fn of(&self, state: StateKind) -> Option<u64> {
        match state {
            StateKind::Running => Some(self.running),
            StateKind::Unknown => Some(self.unknown),
            StateKind::Unwinding => Some(self.unwinding),
            StateKind::Stuck => Some(self.stuck),
            StateKind::Done | StateKind::Released => None,
        }
    }

    /// Adds `records` to the number of those in `state`. A state that is not counted adds nothing.
    pub fn add(&mut self, state: StateKind, records: u64) {
        let number = match state {
            StateKind::Running => &mut self.running,
            StateKind::Unknown => &mut self.unknown,
            StateKind::Unwinding => &mut self.unwinding,
            StateKind::Stuck => &mut self.stuck,
            StateKind::Done | StateKind::Released => return,
        };
        *number = number.saturating_add(records);
    }

    /// Takes in that an unknown record was claimed last at `claimed`.
    pub fn meet_unknown(&mut self, claimed: Timestamp) {
        self.oldest_unknown = Some(self.oldest_unknown.map_or(claimed, |oldest| oldest.min(claimed)));
    }

    /// How long before `now` the oldest unknown record was claimed last; zero if no record is unknown.
    #[must_use]
    pub const fn oldest_unknown_age(&self, now: Timestamp) -> Duration {
        match self.oldest_unknown {
            Some(claimed) => now.since(claimed),
            None => Duration::ZERO,
        }
    }
}

/// Takes one record into a tally of `namespace`, if the namespace [sees](Namespace::sees) the record.
pub fn tally(tally: &mut Tally, record: &Record, namespace: &Namespace) {
    if !namespace.sees(record) {
        return;
    }
    tally.add(record.state.kind(), 1);
    if record.state == State::Unknown {
        // A fence is the store's clock at its claim, or just above its predecessor where the clock fell back.
        tally.meet_unknown(Timestamp::from_micros(record.owner.fence.as_u64()));
    }
}
