//! What can be wrong with lists and counts.

use super::super::flaw::Flaw;
use super::Records;
use crate::protocol::StateKind;
use crate::store::{Entry, Page};

pub(super) fn list(flaw: Flaw, records: &Records, page: &Page) -> Vec<Entry> {
    let after = |at| match page.after {
        Some(last) if flaw == Flaw::RepeatsTheLastOfAPage => at >= last,
        Some(last) => at > last,
        None => true,
    };
    let limit = if flaw == Flaw::IgnoresPageLimit { usize::MAX } else { page.limit };
    let mut entries: Vec<_> = records
        .iter()
        .filter(|(_, record)| flaw == Flaw::ListsEveryState || record.state.kind() == page.state)
        .filter(|(at, _)| after(**at))
        .map(|(at, record)| Entry { address: *at, record: record.clone() })
        .take(limit)
        .collect();
    if flaw == Flaw::ListsWithoutLines {
        for entry in &mut entries {
            entry.record.audit = None;
        }
    }
    if flaw == Flaw::ListsWithoutTerms {
        for entry in &mut entries {
            entry.record.terms = None;
        }
    }
    if flaw == Flaw::ListsBackwards {
        entries.reverse();
    }
    entries
}

pub(super) fn count(flaw: Flaw, records: &Records, state: StateKind) -> u64 {
    match flaw {
        Flaw::CountsNothing => 0,
        Flaw::CountsEveryState => records.len() as u64,
        _ => records.values().filter(|record| record.state.kind() == state).count() as u64,
    }
}
