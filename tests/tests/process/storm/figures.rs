//! What happened in a storm, in numbers.

use std::collections::BTreeMap;
use std::fmt;

use super::moment::Moment;
use crate::support::{End, Reply};

#[derive(Debug, Default)]
pub(super) struct Figures {
    keys: usize,
    attempts: usize,
    moments: BTreeMap<Moment, usize>,
    /// Whole answers that were no refusal.
    answers: usize,
    refusals: BTreeMap<(u16, String), usize>,
    pub(super) effects: u64,
}

/// What a caller was told.
#[derive(Debug, Clone)]
pub(super) enum Told {
    /// The one answer of the key.
    Answer(Reply),
    /// Ask again.
    NotYet(String),
    /// No retry would help.
    Unknown,
}

impl Figures {
    pub(super) fn of(keys: usize) -> Self {
        Self { keys, ..Self::default() }
    }

    pub(super) fn attempt(&mut self, moment: Moment) {
        self.attempts += 1;
        *self.moments.entry(moment).or_default() += 1;
    }

    /// Counts what a caller was told.
    pub(super) fn told(&mut self, reply: Reply) -> Told {
        assert_eq!(reply.end, End::Whole, "{reply:?}");
        if reply.status == 201 {
            self.answers += 1;
            return Told::Answer(reply);
        }
        // In a transaction, it may also be the handler that could not write.
        let code = match reply.body.as_slice() {
            b"the row could not be written" => "handler".to_owned(),
            _ => reply.problem(),
        };
        *self.refusals.entry((reply.status, code.clone())).or_default() += 1;
        match (reply.status, &*code) {
            (409, "outcome-unknown") => Told::Unknown,
            (409, "request-in-progress")
            | (503, "handler" | "store-unavailable" | "outcome-unknown" | "transaction-conflict") => {
                Told::NotYet(code)
            }
            _ => panic!("{reply:?}"),
        }
    }

    pub(super) fn unknown(&self) -> usize {
        self.refusals.get(&(409, "outcome-unknown".to_owned())).copied().unwrap_or_default()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, attempts, moments, answers, refusals, effects } = self;
        write!(f, "{keys} keys, {attempts} attempts; the caller left")?;
        for (moment, count) in moments {
            write!(f, " {} {count},", moment.name())?;
        }
        write!(f, " answers {answers},")?;
        for ((status, code), count) in refusals {
            write!(f, " {status} {code} {count},")?;
        }
        write!(f, " effects {effects}, unknown {}", self.unknown())
    }
}
