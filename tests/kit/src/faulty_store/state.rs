//! What a faulty store was told, and what it saw.

use std::collections::VecDeque;

use super::{Calls, StoreFault};

/// How many kinds there are.
const KINDS: usize = Calls::EACH.len();

#[derive(Debug, Default)]
pub(super) struct State {
    /// For the next calls of these kinds, the first first.
    next: VecDeque<Order>,
    /// For every call of these kinds. A later one counts more than an earlier one.
    always: Vec<(Calls, StoreFault)>,
    came: [u64; KINDS],
    applied: [u64; KINDS],
    pub(super) held: usize,
    /// How often the held calls were let go.
    pub(super) releases: u64,
}

#[derive(Debug)]
struct Order {
    calls: Calls,
    left: u64,
    fault: StoreFault,
}

impl State {
    pub(super) fn order(&mut self, calls: Calls, times: u64, fault: StoreFault) {
        self.next.push_back(Order { calls, left: times, fault });
    }

    pub(super) fn order_always(&mut self, calls: Calls, fault: StoreFault) {
        self.always.push((calls, fault));
    }

    pub(super) fn forget_orders(&mut self) {
        self.next.clear();
        self.always.clear();
    }

    /// Counts a call of `kind`; what it meets.
    pub(super) fn meet(&mut self, kind: Calls) -> Option<StoreFault> {
        self.came[kind.place()] += 1;
        self.next.retain(|order| order.left > 0);
        if let Some(order) = self.next.iter_mut().find(|order| order.calls.contains(kind)) {
            order.left -= 1;
            return Some(order.fault);
        }
        self.always.iter().rev().find(|(calls, _)| calls.contains(kind)).map(|(_, fault)| *fault)
    }

    pub(super) fn note_applied(&mut self, kind: Calls) {
        self.applied[kind.place()] += 1;
    }

    pub(super) fn came(&self, calls: Calls) -> u64 {
        sum(&self.came, calls)
    }

    pub(super) fn applied(&self, calls: Calls) -> u64 {
        sum(&self.applied, calls)
    }
}

fn sum(counts: &[u64; KINDS], calls: Calls) -> u64 {
    let of = |(kind, count): (&(Calls, &str), &u64)| if calls.contains(kind.0) { *count } else { 0 };
    Calls::EACH.iter().zip(counts).map(of).sum()
}
