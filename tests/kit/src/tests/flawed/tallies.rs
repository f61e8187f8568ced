//! What can be wrong with a tally, and with what a claim says of a take-over.

use std::time::Duration;

use super::super::flaw::Flaw;
use super::Records;
use idem_core::clock::Timestamp;
use idem_core::protocol::{self, Fence, Namespace, Record, State, Tally};

pub(super) fn tally(flaw: Flaw, records: &Records, namespace: &Namespace, now: Timestamp) -> Tally {
    let clock = match flaw {
        Flaw::TalliesByAnotherClock => now + Duration::from_hours(1),
        _ => now,
    };
    let mut tally = with!(Tally::default(), clock = Some(clock));
    for record in records.values() {
        protocol::tally(&mut tally, &twisted(flaw, record), namespace);
    }
    match flaw {
        Flaw::TalliesTheNewestUnknown => {
            let unknown = records.values().filter(|record| record.state == State::Unknown);
            let fences = unknown.map(|record| record.owner.fence.as_u64());
            tally.oldest_unknown = fences.max().map(Timestamp::from_micros);
        }
        Flaw::TalliesTheOldestOfAll => {
            let fences = records.values().map(|record| record.owner.fence.as_u64());
            tally.oldest_unknown = fences.min().map(Timestamp::from_micros);
        }
        _ => {}
    }
    tally
}

/// What a tally takes a record for.
fn twisted(flaw: Flaw, record: &Record) -> Record {
    let mut record = record.clone();
    match (flaw, &record.state) {
        (Flaw::TalliesEveryNamespace, _) => record.terms = None,
        (Flaw::TalliesByCreation, _) => record.owner.fence = Fence::from_u64(record.created.as_micros()),
        (Flaw::TalliesReleasedAsRunning, State::Released { expires }) => {
            record.state = State::Running { lease: *expires };
        }
        _ => {}
    }
    record
}

/// Whether a won claim is told as a take-over. `before`: the record that the claim met.
pub(super) fn took_over(flaw: Flaw, before: Option<&Record>, took_over: bool) -> bool {
    match flaw {
        Flaw::HidesTakeOvers => false,
        Flaw::TakesEveryRecordOver => before.is_some(),
        _ => took_over,
    }
}
