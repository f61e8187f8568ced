//! T8: undoing what an operation has done, step by step.

use std::time::Duration;

use super::guarded::{RecordView, WriteOutcome, owned};
use super::owner::Owner;
use super::record::{Record, State};
use crate::clock::Timestamp;
use crate::reply::Reply;

/// How unwinding ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwound {
    /// Every step is undone: this is the operation's (failed) answer.
    Done(Reply),
    /// An undo cannot succeed: an operator must look.
    Stuck,
}

/// Stores the decision to undo, before the first undo. From then on no step can be stored.
pub fn begin_unwind(record: &mut Option<Record>, owner: Owner) -> WriteOutcome {
    if let Some(record) = owned(record, owner) {
        match record.state {
            State::Running { .. } => {
                record.state = State::Unwinding;
                return WriteOutcome::Applied;
            }
            State::Unwinding => return WriteOutcome::Applied,
            State::Done { .. } | State::Released { .. } | State::Unknown | State::Stuck => {}
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}

/// Ends unwinding.
pub fn end_unwind(
    record: &mut Option<Record>,
    owner: Owner,
    end: &Unwound,
    retention: Duration,
    now: Timestamp,
) -> WriteOutcome {
    if let Some(record) = owned(record, owner) {
        match (&record.state, end) {
            (State::Unwinding, Unwound::Done(reply)) => {
                record.state = State::Done { reply: reply.clone(), expires: now + retention };
                return WriteOutcome::Applied;
            }
            (State::Unwinding, Unwound::Stuck) => {
                record.state = State::Stuck;
                return WriteOutcome::Applied;
            }
            (State::Done { .. }, Unwound::Done(_)) | (State::Stuck, Unwound::Stuck) => {
                return WriteOutcome::Applied;
            }
            _ => {}
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}
