//! I10: unknown never becomes running without a verdict.

use idem_tests::matrix::{Said, Seen};

use super::story::{At, Story};
use super::{Effects, Report};

pub(super) fn check(story: &Story<'_>, key: &str, kind: Effects, report: &mut Report<'_>) {
    // A call that ran a handler may be told so for other reasons; a call that ran none is told what the record says.
    let told = story.calls(key).filter(|told| told.begun.is_empty()).filter_map(|told| match told.answered {
        Some((at, Said::Refused { code, retryable: false })) if code == "outcome-unknown" => {
            Some((told.invoked, at))
        }
        _ => None,
    });
    let seen = story.records(key).filter(|(_, seen)| seen.is_some_and(|seen| seen.state == "unknown"));
    let seen = seen.map(|(at, _)| (story.look_began(key, at), at));
    // It was unknown at some moment between the two.
    let unknown: Vec<(At, At)> = told.chain(seen).collect();
    let ways_out = story.ways_out(key);
    let settled = |from: At, to: At| ways_out.iter().any(|way| way.start < to && way.end > from);

    for (from, until) in unknown {
        for told in story.calls(key).filter(|told| told.invoked > until) {
            if let Some(begun) = told.begun.first()
                && !settled(from, *begun)
            {
                report("I10", format!("{} ran, and the unknown record had no verdict", told.call.call));
            }
        }
        for (at, seen) in story.records(key).filter(|(at, _)| story.look_began(key, *at) > until) {
            let state = seen.map_or("absent", |seen| &*seen.state);
            // Its owner may still complete it, late.
            let ok = matches!(state, "unknown" | "done")
                || kind == Effects::Coupled && unwritten(story, key, until, at, seen);
            if !ok && !settled(from, at) {
                report("I10", format!("it was unknown and is {state}, without a verdict"));
            }
        }
    }
}

/// A claim inside a transaction says what an abandoned record means, and leaves it to the sweep to write that down. Until
/// then the record is the one that was seen before, under the same claim; or, if there was no look before, one under
/// which no handler has run since.
fn unwritten(story: &Story<'_>, key: &str, unknown: At, at: At, seen: Option<&Seen>) -> bool {
    let mut before =
        story.records(key).filter(|(earlier, _)| *earlier < at).map(|(_, before)| before).peekable();
    let ran = || story.calls(key).flat_map(|call| &call.begun).any(|begun| unknown < *begun && *begun < at);
    match before.peek() {
        Some(_) => seen.is_some() && before.any(|before| before == seen),
        None => seen.is_some() && !ran(),
    }
}
