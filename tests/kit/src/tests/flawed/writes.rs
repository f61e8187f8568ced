//! What can be wrong with a guarded write.

use std::time::Duration;

use super::super::flaw::Flaw;
use super::claims::front;
use idem_core::Label;
use idem_core::Reply;
use idem_core::clock::Timestamp;
use idem_core::fingerprint::Fingerprint;
use idem_core::protocol::{self, Owner, Record, RecordView, RenewOutcome, State, WriteOutcome};
use idem_core::store::{Completion, Release, Renewal, StoreError, StoreErrorKind};

pub(super) type Slot = Option<Record>;

/// The owner that a guard lets in, with the flaw.
pub(super) fn own(flaw: Flaw, slot: Option<&Record>, mut owner: Owner) -> Owner {
    let Some(record) = slot else { return owner };
    match flaw {
        Flaw::IgnoresNonce => owner.nonce = record.owner.nonce,
        Flaw::IgnoresFence => owner.fence = record.owner.fence,
        Flaw::IgnoresHalfTheNonce if front(owner.nonce) == front(record.owner.nonce) => {
            owner.nonce = record.owner.nonce;
        }
        _ => {}
    }
    owner
}

pub(super) fn own_in_batch(flaw: Flaw, slot: Option<&Record>, owner: &mut Owner) {
    if let (Flaw::IgnoresOwnersInBatches, Some(record)) = (flaw, slot) {
        *owner = record.owner;
    }
}

pub(super) fn told(flaw: Flaw, outcome: WriteOutcome) -> WriteOutcome {
    match outcome {
        WriteOutcome::Lost(RecordView::Done { .. }) if flaw == Flaw::KeepsLosersInTheDark => {
            WriteOutcome::Lost(RecordView::Running)
        }
        outcome => outcome,
    }
}

fn drop_line(flaw: Flaw, when: Flaw, slot: &mut Slot) {
    if let (true, Some(record)) = (flaw == when, slot) {
        record.audit = None;
    }
}

pub(super) fn spoil(flaw: Flaw, reply: &Reply) -> Reply {
    let bytes = reply.as_bytes();
    let front = |length: usize| bytes.iter().copied().take(length).collect::<Vec<u8>>().into();
    match flaw {
        Flaw::CutsRepliesAt255 => front(255),
        Flaw::CutsRepliesAt64K => front(0xffff),
        Flaw::CutsRepliesAtNul => front(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len())),
        Flaw::MakesRepliesText => String::from_utf8_lossy(bytes).into_owned().into_bytes().into(),
        Flaw::ForgetsEmptyReplies if bytes.is_empty() => b"null".to_vec().into(),
        _ => reply.clone(),
    }
}

pub(super) fn complete(flaw: Flaw, slot: &mut Slot, c: &Completion, now: Timestamp) -> WriteOutcome {
    let owner = own(flaw, slot.as_ref(), c.owner);
    if flaw == Flaw::CreatesOnWrite && slot.is_none() {
        let state = State::Done { reply: c.reply.clone(), expires: now + c.retention };
        let record = Record::new(Fingerprint::none(), owner, now, state);
        *slot = Some(with!(record, label = Label::new("", b"")));
        return WriteOutcome::Applied;
    }
    let mut retention = c.retention;
    match flaw {
        Flaw::KeepsForNoTime => retention = Duration::ZERO,
        Flaw::WrapsLongSpans if retention > Duration::from_secs(1 << 40) => retention = Duration::ZERO,
        _ => {}
    }
    if let Some(record) = slot.as_mut().filter(|record| record.owner == owner) {
        let done = State::Done { reply: spoil(flaw, &c.reply), expires: now + retention };
        match (flaw, &record.state) {
            (Flaw::CompletesReleased, State::Released { .. })
            | (Flaw::OverwritesReplies, State::Done { .. }) => {
                record.state = done;
                return WriteOutcome::Applied;
            }
            (Flaw::RefusesLateCompletion, State::Unknown)
            | (Flaw::ForgetsCompletions, State::Done { .. }) => {
                return WriteOutcome::Lost(RecordView::of(Some(record)));
            }
            (Flaw::RepeatedCompletionsPushExpiry, State::Done { reply, .. }) => {
                record.state = State::Done { reply: reply.clone(), expires: now + retention };
                return WriteOutcome::Applied;
            }
            _ => {}
        }
    }
    drop_line(flaw, Flaw::LosesLinesAtEnds, slot);
    drop_terms(flaw, slot);
    protocol::complete(slot, owner, &spoil(flaw, &c.reply), retention, now)
}

pub(super) fn is_long(c: &Completion) -> bool {
    c.reply.as_bytes().len() > 16 << 20
}

pub(super) fn hung_up() -> StoreError {
    StoreError::new(StoreErrorKind::Undecided, "the connection broke")
}

fn drop_terms(flaw: Flaw, slot: &mut Slot) {
    if let (Flaw::LosesTermsAtEnds, Some(record)) = (flaw, slot) {
        record.terms = None;
    }
}

pub(super) fn release(flaw: Flaw, slot: &mut Slot, r: &Release, now: Timestamp) -> WriteOutcome {
    let owner = own(flaw, slot.as_ref(), r.owner);
    if let Some(record) = slot.as_mut().filter(|record| record.owner == owner) {
        match (flaw, &record.state) {
            (Flaw::ReleasesDone, State::Done { .. })
            | (Flaw::RepeatedReleasesPushExpiry, State::Released { .. }) => {
                record.state = State::Released { expires: now + r.retention };
                return WriteOutcome::Applied;
            }
            (Flaw::RefusesLateRelease, State::Unknown) => return WriteOutcome::Lost(RecordView::Unknown),
            (Flaw::ForgetsReleases, State::Released { .. }) => {
                return WriteOutcome::Lost(RecordView::Released);
            }
            (Flaw::DeletesOnRelease, State::Running { .. }) => {
                *slot = None;
                return WriteOutcome::Applied;
            }
            _ => {}
        }
    }
    drop_line(flaw, Flaw::LosesLinesAtEnds, slot);
    drop_terms(flaw, slot);
    protocol::release(slot, owner, r.retention, now)
}

pub(super) fn mark_unknown(flaw: Flaw, slot: &mut Slot, owner: Owner) -> WriteOutcome {
    let owner = own(flaw, slot.as_ref(), owner);
    if let Some(record) = slot.as_mut().filter(|record| record.owner == owner) {
        match (flaw, &record.state) {
            (Flaw::MarkUnknownDone, State::Done { .. }) => record.state = State::Unknown,
            (Flaw::ForgetsMarkUnknown, State::Unknown) => return WriteOutcome::Lost(RecordView::Unknown),
            (Flaw::RepeatedMarkUnknownCount, State::Unknown) => record.attempts += 1,
            _ => {}
        }
    }
    protocol::mark_unknown(slot, owner)
}

pub(super) fn renew(flaw: Flaw, slot: &mut Slot, r: &Renewal, now: Timestamp) -> RenewOutcome {
    let owner = own(flaw, slot.as_ref(), r.owner);
    if let Some(record) = slot.as_mut().filter(|record| record.owner == owner) {
        match (flaw, &record.state) {
            (Flaw::ShortensLeases, State::Running { .. }) => {
                record.state = State::Running { lease: now + r.lease }
            }
            (Flaw::RenewsNothing, _) => return RenewOutcome::Renewed,
            (Flaw::AddsToTheLease, State::Running { lease }) => {
                record.state = State::Running { lease: *lease + r.lease };
                return RenewOutcome::Renewed;
            }
            (Flaw::RefusesLateRenewals, State::Running { lease }) if *lease <= now => {
                return RenewOutcome::Lost;
            }
            (Flaw::RevivesEndedClaims, State::Released { .. } | State::Unknown) => {
                record.state = State::Running { lease: now + r.lease };
            }
            _ => {}
        }
    }
    drop_line(flaw, Flaw::LosesLinesAtRenewals, slot);
    protocol::renew(slot, owner, r.lease, now)
}
