//! The numbers of calls mean nothing: worlds that differ only in them, and so in nonces and answers, count as one.

use idem_core::protocol::{Record, State};

use crate::state::{Answer, Call, Marks, Phase, Request, World, call_of, nonce};

/// What orders calls, without their numbers.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'w> {
    phase: Phase,
    key: u8,
    late: &'w [Request],
    tx: Option<(bool, u8, bool)>,
    other: bool,
    marks: Marks,
    /// What of its key is its own: the record, its answer, the claim.
    own: (bool, bool, bool),
}

impl World {
    /// Calls change places, to stand in an order that does not depend on their numbers.
    pub(crate) fn sort(&mut self) {
        let mut order: Vec<u8> = (0..).take(self.calls.len()).collect();
        order.sort_by(|a, b| self.rank(*a).cmp(&self.rank(*b)));
        if order.is_sorted() {
            return;
        }
        // The new number of each call.
        let mut renamed = vec![0; order.len()];
        for (new, old) in (0..).zip(&order) {
            renamed[usize::from(*old)] = new;
        }
        let renamed = |call: u8| renamed[usize::from(call)];
        let mut calls: Vec<Option<Call>> = std::mem::take(&mut self.calls).into_iter().map(Some).collect();
        self.calls = order.iter().filter_map(|old| calls[usize::from(*old)].take()).collect();
        for row in self.calls.iter_mut().filter_map(|call| call.tx.as_mut()?.row.as_mut()) {
            row.rename(renamed);
        }
        for key in &mut self.keys {
            key.record.iter_mut().for_each(|record| record.rename(renamed));
            if let Some(finding) = &mut key.verdict {
                finding.seen.nonce = nonce(renamed(call_of(finding.seen)), false);
            }
            key.first = key.first.map(|answer| answer.rename(renamed));
            key.holder = key.holder.map(renamed);
        }
    }

    fn rank(&self, number: u8) -> Rank<'_> {
        let call = self.call(number);
        let key = self.key(call.key);
        let answers = |record: &Record| match &record.state {
            State::Done { reply, .. } => matches!(Answer::read(reply), Answer::Of(of, _) if of == number),
            _ => false,
        };
        Rank {
            phase: call.phase,
            key: call.key,
            late: &call.late,
            tx: call.tx.as_ref().map(|tx| (tx.row.is_some(), tx.writes.0, tx.doubtful)),
            other: call.other,
            marks: call.marks,
            own: (
                key.record.as_ref().is_some_and(|record| call_of(record.owner) == number),
                key.record.as_ref().is_some_and(answers),
                key.holder == Some(number),
            ),
        }
    }
}

trait Rename {
    fn rename(&mut self, renamed: impl Fn(u8) -> u8);
}

impl Rename for Record {
    fn rename(&mut self, renamed: impl Fn(u8) -> u8) {
        self.owner.nonce = nonce(renamed(call_of(self.owner)), false);
        if let State::Done { reply, .. } = &mut self.state {
            *reply = Answer::read(reply).rename(renamed).reply();
        }
    }
}

impl Answer {
    fn rename(self, renamed: impl Fn(u8) -> u8) -> Self {
        match self {
            Self::Of(call, outcome) => Self::Of(renamed(call), outcome),
            Self::Verdict => Self::Verdict,
        }
    }
}
