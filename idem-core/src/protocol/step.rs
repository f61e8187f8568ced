//! T4: a recovery point inside an operation.

use std::collections::BTreeMap;
use std::fmt;

use super::guarded::{RecordView, owned};
use super::owner::Owner;
use super::record::{Record, State};
use crate::reply::Reply;

/// The outputs of the steps that an operation has taken, by name.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct StepLog(BTreeMap<Box<str>, Reply>);

/// How many steps there are.
impl fmt::Debug for StepLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepLog({})", self.0.len())
    }
}

impl StepLog {
    /// The stored output of a step.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Reply> {
        self.0.get(name)
    }
}

/// What storing a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum StepOutcome {
    /// The output is stored; the step never runs again.
    Stored,
    /// An earlier attempt stored it: use this output, not the caller's.
    Existing(Reply),
    /// The claim is not the caller's any more; nothing was written.
    Lost(RecordView),
}

/// Stores the output of the step `name`, once, as long as the record is `owner`'s and running.
pub fn step(
    record: &mut Option<Record>,
    steps: &mut StepLog,
    owner: Owner,
    name: &str,
    output: Reply,
) -> StepOutcome {
    match owned(record, owner).map(|record| &record.state) {
        Some(State::Running { .. }) => match steps.0.get(name) {
            Some(stored) => StepOutcome::Existing(stored.clone()),
            None => {
                steps.0.insert(name.into(), output);
                StepOutcome::Stored
            }
        },
        _ => StepOutcome::Lost(RecordView::of(record.as_ref())),
    }
}
