//! Orders: how an unknown or stuck operation is settled, run again or forgotten.
//!
//! Each names the record as it was seen, and is refused if that moved since. Each leaves its line in the record, in the
//! same write; forgetting leaves nothing. Repeating one is safe: it is known by its line.
//!
//! Each is given in a [`Namespace`]. A record of another one is absent for it, and stays as it is.

use std::time::Duration;

use super::guarded::{RecordView, WriteOutcome};
use super::namespace::Namespace;
use super::order::{Order, Seen, What};
use super::record::{Record, State, StateKind};
use crate::clock::Timestamp;
use crate::reply::Reply;

/// What a verify hook or an operator found out about an unknown operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The operation happened: further calls get this reply.
    Happened(Reply),
    /// The operation did not happen: the same request may run.
    DidNotHappen,
}

/// Ends an unknown or stuck record by a verdict. It then lives for its handler's retention; for `retention` if an older
/// version of idem claimed it.
pub fn settle(
    record: &mut Option<Record>,
    namespace: &Namespace,
    seen: Seen,
    verdict: &Verdict,
    order: &Order,
    retention: Duration,
    now: Timestamp,
) -> WriteOutcome {
    if is_anothers(record.as_ref(), namespace) {
        return WriteOutcome::Lost(RecordView::Absent);
    }
    let what = match verdict {
        Verdict::Happened(_) => What::Happened,
        Verdict::DidNotHappen => What::DidNotHappen,
    };
    if let Some(record) = record {
        if seen.is(record) && matches!(record.state, State::Unknown | State::Stuck) {
            let expires = now + record.retention_or(retention);
            record.state = match verdict {
                Verdict::Happened(reply) => State::Done { reply: reply.clone(), expires },
                Verdict::DidNotHappen => State::Released { expires },
            };
            order.write(record, what, now);
            return WriteOutcome::Applied;
        }
        let so = match (&record.state, verdict) {
            (State::Done { reply: stored, .. }, Verdict::Happened(reply)) => stored == reply,
            (State::Released { .. }, Verdict::DidNotHappen) => true,
            _ => false,
        };
        if so && record.owner == seen.owner && order.was_given(record, what) {
            return WriteOutcome::Applied;
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}

/// Lets the same request run again although its outcome is not known: of an unknown or stuck record because an operator
/// decides so, of a running one because its owner is known to be dead. A late owner writes nothing any more.
///
/// The record is kept for its handler's retention; for `retention` if an older version of idem claimed it.
///
/// A running record whose lease was renewed since it was seen has a living owner, and stays.
pub fn free(
    record: &mut Option<Record>,
    namespace: &Namespace,
    seen: Seen,
    order: &Order,
    retention: Duration,
    now: Timestamp,
) -> WriteOutcome {
    if is_anothers(record.as_ref(), namespace) {
        return WriteOutcome::Lost(RecordView::Absent);
    }
    let what = What::Freed(seen.state);
    if let Some(record) = record {
        if seen.is(record) && matches!(record.state, State::Running { .. } | State::Unknown | State::Stuck) {
            record.state = State::Released { expires: now + record.retention_or(retention) };
            order.write(record, what, now);
            return WriteOutcome::Applied;
        }
        let released = record.owner == seen.owner && record.state.kind() == StateKind::Released;
        if released && order.was_given(record, what) {
            return WriteOutcome::Applied;
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}

/// Drops a record in any state but running and unwinding: the key is as if it had never been used. A running or
/// unwinding record stays.
///
/// The next claim's fence is the store's clock again. It lies above the forgotten ones unless all of this happens
/// within one microsecond, so a resource outside that compares fences should not be fed by hand-made haste.
pub fn forget(record: &mut Option<Record>, namespace: &Namespace, seen: Seen) -> WriteOutcome {
    if is_anothers(record.as_ref(), namespace) {
        return WriteOutcome::Lost(RecordView::Absent);
    }
    match record {
        None => WriteOutcome::Applied,
        Some(found) if seen.is(found) && !matches!(found.state, State::Running { .. } | State::Unwinding) => {
            *record = None;
            WriteOutcome::Applied
        }
        Some(_) => WriteOutcome::Lost(RecordView::of(record.as_ref())),
    }
}

/// True of a record that an order in `namespace` must neither see nor change.
fn is_anothers(record: Option<&Record>, namespace: &Namespace) -> bool {
    record.is_some_and(|record| !namespace.sees(record))
}
