//! What can be wrong with what time does to records.

use std::time::Duration;

use super::super::flaw::Flaw;
use super::Records;
use idem_core::clock::Timestamp;
use idem_core::fingerprint::Fingerprint;
use idem_core::protocol::{self, AfterCrash, Namespace, Nonce, Record, State, Swept};
use idem_core::store::{Sweep, SweepCount};

pub(super) fn sweep(flaw: Flaw, records: &mut Records, sweep: &Sweep, now: Timestamp) -> SweepCount {
    let mut count = SweepCount::default();
    let grace = if flaw == Flaw::IgnoresGrace { Duration::ZERO } else { sweep.grace };
    let limit = if flaw == Flaw::IgnoresSweepLimit { usize::MAX } else { sweep.limit };
    let retention = if flaw == Flaw::KeepsSweptForEver { Duration::MAX } else { sweep.retention };
    let mut met = 0;
    for record in records.values_mut() {
        if flaw == Flaw::SpendsSweepsOnOthers {
            met += usize::from(matches!(record.state, State::Running { lease } if lease + grace <= now));
            if met > limit {
                break;
            }
        }
        let namespace = match (flaw, &record.terms) {
            (Flaw::SweepsEveryNamespace, Some(terms)) => Namespace::new(terms.namespace()),
            _ => sweep.namespace.clone(),
        };
        if count.unknown + count.released >= limit || flaw == Flaw::SweepsNothing {
            break;
        }
        if flaw == Flaw::SweepsOlderFingerprintsOnly && is_newest(record) {
            continue;
        }
        let policy = record.after_crash;
        match (flaw, &record.state) {
            (Flaw::SweepsTheLiving, State::Running { .. }) => record.state = State::Running { lease: now },
            (Flaw::SweepsAllToUnknown, _) => record.after_crash = AfterCrash::Unknown,
            (Flaw::SweepsAllToReleased, _) => record.after_crash = AfterCrash::Rerun,
            _ => {}
        }
        let terms = record.terms.clone();
        if matches!(flaw, Flaw::KeepsSweptForEver | Flaw::SweepsByItsOwnRetention) {
            record.terms = None;
        }
        let swept = protocol::sweep(record, &namespace, grace, retention, now);
        record.terms = terms;
        record.after_crash = policy;
        match swept {
            Swept::Kept => continue,
            Swept::Unknown => count.unknown += 1,
            Swept::Released => count.released += 1,
        }
        if flaw == Flaw::LosesLinesAtSweeps {
            record.audit = None;
        }
        if flaw == Flaw::DisownsSwept {
            record.owner.nonce = Nonce::fresh();
        }
    }
    if flaw == Flaw::MiscountsSwept {
        count.released += count.unknown;
    }
    count
}

fn is_newest(record: &Record) -> bool {
    Fingerprint::from_stored(record.fingerprint.recipe() + 1, [0; 32]).is_none()
}

pub(super) fn reap(flaw: Flaw, records: &mut Records, limit: usize, now: Timestamp) -> usize {
    let goes = |state: &State| match (flaw, state) {
        (Flaw::ReapsNothing, _) | (Flaw::ReapsDoneOnly, State::Released { .. }) => false,
        (Flaw::ReapsRunning, State::Running { lease }) => *lease <= now,
        (Flaw::ReapsUnknown, State::Unknown)
        | (Flaw::ReapsUnexpired, State::Done { .. } | State::Released { .. }) => true,
        (_, state) => state.is_expired(now),
    };
    let limit = if flaw == Flaw::IgnoresReapLimit { usize::MAX } else { limit };
    let gone: Vec<_> = records
        .iter()
        .filter(|(_, record)| {
            goes(&record.state) && !(flaw == Flaw::ReapsOlderFingerprintsOnly && is_newest(record))
        })
        .map(|(at, _)| *at)
        .take(limit)
        .collect();
    for at in &gone {
        records.remove(at);
    }
    if flaw == Flaw::MiscountsReaped { records.len() } else { gone.len() }
}
