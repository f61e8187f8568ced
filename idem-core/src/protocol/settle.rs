//! Verdicts: how an unknown or stuck operation ends.

use std::time::Duration;

use super::guarded::{Current, WriteOutcome, owned};
use super::owner::Owner;
use super::record::{Record, State};
use crate::reply::Reply;
use crate::time::Timestamp;

/// What somebody found out about an operation that nobody was sure of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It happened: further calls get this answer.
    Happened(Reply),
    /// It did not happen: the same request may run.
    DidNotHappen,
}

/// Ends an unknown or stuck record by a verdict. `seen` is the owner in the record that the verdict is about: if
/// anything moved since, the verdict is refused. Repeating it is safe.
pub fn settle(
    record: &mut Option<Record>,
    seen: Owner,
    verdict: &Verdict,
    retention: Duration,
    now: Timestamp,
) -> WriteOutcome {
    if let Some(record) = owned(record, seen) {
        let expires = now + retention;
        match (&record.state, verdict) {
            (State::Unknown | State::Stuck, Verdict::Happened(reply)) => {
                record.state = State::Done { reply: reply.clone(), expires };
                return WriteOutcome::Applied;
            }
            (State::Unknown | State::Stuck, Verdict::DidNotHappen) => {
                record.state = State::Released { expires };
                return WriteOutcome::Applied;
            }
            (State::Done { reply: stored, .. }, Verdict::Happened(reply)) if stored == reply => {
                return WriteOutcome::Applied;
            }
            (State::Released { .. }, Verdict::DidNotHappen) => return WriteOutcome::Applied,
            _ => {}
        }
    }
    WriteOutcome::Lost(Current::of(record.as_ref()))
}

/// Drops a record that nobody is at, whatever it says: the key is as if it had never been used. `seen` as in
/// [`settle`]. A running or unwinding record stays.
///
/// The next claim's fence is the store's clock again. It lies above the forgotten ones unless all of this happens
/// within one microsecond, so a resource outside that compares fences should not be fed by hand-made haste.
pub fn forget(record: &mut Option<Record>, seen: Owner) -> WriteOutcome {
    match record {
        None => WriteOutcome::Applied,
        Some(Record { owner, state, .. })
            if *owner == seen && !matches!(state, State::Running { .. } | State::Unwinding) =>
        {
            *record = None;
            WriteOutcome::Applied
        }
        Some(_) => WriteOutcome::Lost(Current::of(record.as_ref())),
    }
}
