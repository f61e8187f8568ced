//! What can be wrong with an order, and with the line that it leaves.

use super::super::flaw::Flaw;
use super::writes::{Slot, own, spoil};
use idem_core::clock::Timestamp;
use idem_core::protocol::{
    self, AuditLine, Namespace, Record, RecordView, Seen, State, Verdict, WriteOutcome,
};
use idem_core::store::{Forget, Free, Settlement};

/// What counts as the record that was seen.
fn seen(flaw: Flaw, slot: &Slot, mut seen: Seen) -> Seen {
    seen.owner = own(flaw, slot.as_ref(), seen.owner);
    let Some(is) = slot.as_ref().map(Seen::of) else { return seen };
    match flaw {
        Flaw::IgnoresStateOfOrders => seen.state = is.state,
        Flaw::IgnoresTimeOfOrders => seen.until = is.until,
        _ => {}
    }
    seen
}

pub(super) fn settle(flaw: Flaw, slot: &mut Slot, s: &Settlement, now: Timestamp) -> WriteOutcome {
    let before = slot.clone();
    let mut seen = seen(flaw, slot, s.seen);
    if let (Flaw::IgnoresOwnerAtSettle, Some(record)) = (flaw, slot.as_ref()) {
        seen.owner = record.owner;
    }
    let mut verdict = s.verdict.clone();
    match (flaw, &s.verdict) {
        (Flaw::CutsVerdictsAtNul, Verdict::Happened(reply)) => {
            verdict = Verdict::Happened(spoil(Flaw::CutsRepliesAtNul, reply));
        }
        (Flaw::TurnsVerdictsRound, Verdict::Happened(_)) => verdict = Verdict::DidNotHappen,
        _ => {}
    }
    if let Some(record) = slot.as_mut().filter(|record| record.owner == seen.owner) {
        match (flaw, &record.state) {
            (Flaw::SettlesRunning, State::Running { .. })
            | (Flaw::OverwritesVerdicts, State::Done { .. }) => {
                record.state = State::Unknown;
                seen = Seen::of(record);
            }
            (Flaw::ForgetsVerdicts, State::Done { .. } | State::Released { .. }) => {
                return WriteOutcome::Lost(RecordView::of(Some(record)));
            }
            (Flaw::TakesAnyVerdictAgain, State::Done { .. } | State::Released { .. }) => {
                return WriteOutcome::Applied;
            }
            (Flaw::TakesAnyOrderAgain, state) => match (state, &verdict) {
                (State::Done { reply, .. }, Verdict::Happened(mine)) if reply == mine => {
                    return WriteOutcome::Applied;
                }
                (State::Released { .. }, Verdict::DidNotHappen) => return WriteOutcome::Applied,
                _ => {}
            },
            _ => {}
        }
    }
    let settle = |slot: &mut Slot| {
        let namespace = namespace(flaw, Flaw::SettlesEveryNamespace, slot, &s.namespace);
        protocol::settle(slot, &namespace, seen, &verdict, &s.order, s.retention, now)
    };
    let outcome = without_terms(flaw == Flaw::SettlesByItsOwnRetention, slot, settle);
    line(flaw, before.as_ref(), slot, outcome)
}

pub(super) fn free(flaw: Flaw, slot: &mut Slot, f: &Free, now: Timestamp) -> WriteOutcome {
    let before = slot.clone();
    let mut seen = seen(flaw, slot, f.seen);
    if let (Flaw::IgnoresOwnerAtFree, Some(record)) = (flaw, slot.as_ref()) {
        seen.owner = record.owner;
    }
    if let Some(record) = slot.as_mut().filter(|record| record.owner == seen.owner) {
        match (flaw, &record.state) {
            (Flaw::KeepsFreed, State::Running { .. } | State::Unknown) if seen.is(record) => {
                return WriteOutcome::Applied;
            }
            (Flaw::FreesEnded, State::Done { .. } | State::Released { .. }) if seen.is(record) => {
                record.state = State::Released { expires: now + f.retention };
                return WriteOutcome::Applied;
            }
            (Flaw::RefusesToFreeUnknown, State::Unknown) => return WriteOutcome::Lost(RecordView::Unknown),
            (Flaw::ForgetsFrees, State::Released { .. }) => return WriteOutcome::Lost(RecordView::Released),
            (Flaw::TakesAnyOrderAgain, State::Released { .. }) => return WriteOutcome::Applied,
            _ => {}
        }
    }
    let free = |slot: &mut Slot| {
        let namespace = namespace(flaw, Flaw::FreesEveryNamespace, slot, &f.namespace);
        protocol::free(slot, &namespace, seen, &f.order, f.retention, now)
    };
    let outcome = without_terms(flaw == Flaw::FreesByItsOwnRetention, slot, free);
    line(flaw, before.as_ref(), slot, outcome)
}

/// The namespace that an order counts in: its own, or, with the flaw, the record's.
fn namespace(flaw: Flaw, everybodys: Flaw, slot: &Slot, own: &Namespace) -> Namespace {
    let says = slot.as_ref().and_then(|record| record.terms.as_ref());
    match says {
        Some(terms) if flaw == everybodys => Namespace::new(terms.namespace()),
        _ => own.clone(),
    }
}

/// As if an older version of idem had claimed the record.
fn without_terms(flawed: bool, slot: &mut Slot, act: impl FnOnce(&mut Slot) -> WriteOutcome) -> WriteOutcome {
    if !flawed {
        return act(slot);
    }
    let terms = slot.as_mut().and_then(|record| record.terms.take());
    let outcome = act(slot);
    if let Some(record) = slot {
        record.terms = terms;
    }
    outcome
}

/// What becomes of the line.
fn line(flaw: Flaw, before: Option<&Record>, slot: &mut Slot, outcome: WriteOutcome) -> WriteOutcome {
    let Some(record) = slot else { return outcome };
    let lost = matches!(outcome, WriteOutcome::Lost(_));
    if flaw == Flaw::WritesLinesOfRefusedOrders && lost {
        record.audit = Some(AuditLine::from_stored("refused"));
    }
    let Some(text) = record.audit.as_ref().map(|line| line.as_str().to_owned()) else { return outcome };
    record.audit = match flaw {
        Flaw::LosesLines => None,
        Flaw::KeepsTheFirstLine => before.and_then(|old| old.audit.clone()).or_else(|| record.audit.take()),
        Flaw::CutsLinesAt100 => {
            let end = text.floor_char_boundary(100);
            text.get(..end).map(AuditLine::from_stored)
        }
        Flaw::KeepsAsciiLines => Some(AuditLine::from_stored(&text.replace(|c: char| !c.is_ascii(), "?"))),
        Flaw::StampsLinesWithCreation => {
            let said = text.split_once(' ').map_or("", |(_, said)| said);
            Some(AuditLine::from_stored(&format!("{} {said}", record.created)))
        }
        _ => record.audit.take(),
    };
    outcome
}

pub(super) fn forget(flaw: Flaw, slot: &mut Slot, f: &Forget) -> WriteOutcome {
    let seen = seen(flaw, slot, f.seen);
    let namespace = namespace(flaw, Flaw::ForgetsEveryNamespace, slot, &f.namespace);
    match (flaw, slot.as_ref()) {
        (Flaw::IgnoresOwnerAtForget, Some(record)) => {
            protocol::forget(slot, &namespace, with!(seen, owner = record.owner))
        }
        (Flaw::DropsRunning, Some(record)) if seen.is(record) => {
            *slot = None;
            WriteOutcome::Applied
        }
        (Flaw::RefusesToForgetTwice, None) => WriteOutcome::Lost(RecordView::Absent),
        (Flaw::KeepsForgotten, Some(record))
            if !matches!(record.state, State::Running { .. }) && seen.is(record) =>
        {
            WriteOutcome::Applied
        }
        _ => protocol::forget(slot, &namespace, seen),
    }
}
