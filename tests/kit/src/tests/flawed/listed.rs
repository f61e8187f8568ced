//! What can be wrong with lists and counts.

use super::super::flaw::Flaw;
use super::Records;
use idem_core::protocol::{Namespace, Record, Terms};
use idem_core::store::{Count, Entry, Page};

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
        .filter(|(_, record)| sees(flaw, &page.namespace, record))
        .map(|(at, record)| Entry::new(*at, record.clone()))
        .take(limit)
        .collect();
    if flaw == Flaw::CutsPagesBeforeItLooksWhose {
        entries = records
            .iter()
            .filter(|(at, record)| record.state.kind() == page.state && after(**at))
            .take(limit)
            .filter(|(_, record)| page.namespace.sees(record))
            .map(|(at, record)| Entry::new(*at, record.clone()))
            .collect();
    }
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

pub(super) fn count(flaw: Flaw, records: &Records, count: &Count) -> u64 {
    let counts = |record: &Record| match flaw {
        Flaw::CountsNothing => false,
        Flaw::CountsEveryState => true,
        Flaw::CountsEveryNamespace => record.state.kind() == count.state,
        _ => record.state.kind() == count.state && sees(flaw, &count.namespace, record),
    };
    records.values().filter(|record| counts(record)).count() as u64
}

/// Whether a look in `namespace` meets the record.
pub(super) fn sees(flaw: Flaw, namespace: &Namespace, record: &Record) -> bool {
    let Some(of) = record.terms.as_ref().map(Terms::namespace) else { return true };
    let asked = namespace.as_str();
    match flaw {
        Flaw::ListsEveryNamespace => true,
        Flaw::IgnoresCaseOfNamespaces => of.eq_ignore_ascii_case(asked),
        Flaw::IgnoresSpacesAfterNamespaces => of.trim_end() == asked.trim_end(),
        Flaw::MatchesBeginningsOfNamespaces => of.starts_with(asked),
        _ => of == asked,
    }
}
