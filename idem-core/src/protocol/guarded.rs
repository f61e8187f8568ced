//! T3, T5, T6, T7: what only the owner may do, guarded by fence and nonce.
//!
//! Each is safe to repeat: a write that was applied and whose reply was lost is answered
//! [`Applied`](WriteOutcome::Applied) again.

use std::time::Duration;

use super::owner::Owner;
use super::record::{Record, State};
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::reply::Reply;

/// What a guarded write did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum WriteOutcome {
    /// The record is as the caller asked, now or since an earlier try of the same write.
    Applied,
    /// The record is not the caller's any more; nothing was written.
    Lost(RecordView),
}

/// What a renewal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum RenewOutcome {
    /// The lease reaches further.
    Renewed,
    /// Another transaction has the row locked, so the row exists; the lease was left as it is.
    Skipped,
    /// The claim is not the caller's any more: its handler must stop.
    Lost,
}

/// How a record stands that is not the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordView {
    /// There is none.
    Absent,
    /// Another owner runs it, or undoes it.
    Running,
    /// Another owner completed it.
    Done {
        /// The answer of the operation, if it is the caller's operation at all: see `fingerprint`.
        reply: Reply,
        /// What the record's request said. Once a record has expired or was forgotten, its key may have been used for
        /// another request, whose answer a late owner must not give (I6).
        fingerprint: Fingerprint,
    },
    /// The record was released.
    Released,
    /// The outcome is unknown, or an operator must look at the record.
    Unknown,
}

impl RecordView {
    /// What a caller that holds no claim sees in `record`.
    #[must_use]
    pub fn of(record: Option<&Record>) -> Self {
        let Some(record) = record else { return Self::Absent };
        match &record.state {
            State::Running { .. } | State::Unwinding => Self::Running,
            State::Done { reply, .. } => Self::Done { reply: reply.clone(), fingerprint: record.fingerprint },
            State::Released { .. } => Self::Released,
            State::Unknown | State::Stuck => Self::Unknown,
        }
    }
}

/// The record, if it is `owner`'s.
pub(super) fn owned(record: &mut Option<Record>, owner: Owner) -> Option<&mut Record> {
    record.as_mut().filter(|record| record.owner == owner)
}

/// T3: pushes the lease on to `now + lease`; never back.
pub fn renew(record: &mut Option<Record>, owner: Owner, lease: Duration, now: Timestamp) -> RenewOutcome {
    match owned(record, owner).map(|record| &mut record.state) {
        Some(State::Running { lease: until }) => {
            *until = (*until).max(now + lease);
            RenewOutcome::Renewed
        }
        _ => RenewOutcome::Lost,
    }
}

/// T5: the operation ended with `reply`, which lives for `retention` from now.
///
/// A late owner may still complete a record that was given up as unknown: its word is a verdict. If an operator's
/// verdict was faster, the owner is told that answer instead, so that all callers hear the same.
pub fn complete(
    record: &mut Option<Record>,
    owner: Owner,
    reply: &Reply,
    retention: Duration,
    now: Timestamp,
) -> WriteOutcome {
    if let Some(record) = owned(record, owner) {
        match record.state {
            State::Running { .. } | State::Unknown => {
                record.state = State::Done { reply: reply.clone(), expires: now + retention };
                return WriteOutcome::Applied;
            }
            // A repetition; unless a verdict came first, whose answer then counts.
            State::Done { reply: ref stored, .. } if stored == reply => return WriteOutcome::Applied,
            State::Done { .. } | State::Released { .. } | State::Unwinding | State::Stuck => {}
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}

/// T6: the handler says that nothing happened, or never began. The row stays, so that its fence never falls.
///
/// A late owner may still release a record that was given up as unknown: only the owner knows that its handler did
/// nothing, so this is a verdict, as its completion is. If another verdict was faster, the owner is told of that one.
pub fn release(
    record: &mut Option<Record>,
    owner: Owner,
    retention: Duration,
    now: Timestamp,
) -> WriteOutcome {
    if let Some(record) = owned(record, owner) {
        match record.state {
            State::Running { .. } | State::Unknown => {
                record.state = State::Released { expires: now + retention };
                return WriteOutcome::Applied;
            }
            State::Released { .. } => return WriteOutcome::Applied,
            State::Done { .. } | State::Unwinding | State::Stuck => {}
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}

/// T7: the owner cannot say whether the effect happened. Fence and nonce stay its own.
pub fn mark_unknown(record: &mut Option<Record>, owner: Owner) -> WriteOutcome {
    if let Some(record) = owned(record, owner) {
        match record.state {
            State::Running { .. } => {
                record.state = State::Unknown;
                return WriteOutcome::Applied;
            }
            State::Unknown => return WriteOutcome::Applied,
            State::Done { .. } | State::Released { .. } | State::Unwinding | State::Stuck => {}
        }
    }
    WriteOutcome::Lost(RecordView::of(record.as_ref()))
}
