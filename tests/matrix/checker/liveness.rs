//! L1: every key ends settled, and every caller that waits is answered.

use idem_tests::matrix::Caller;

use super::Report;
use super::story::Story;

pub(super) fn check(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    // The histories end after a worker has asked until the operation was done, and settled what was unknown.
    match story.records(key).last() {
        Some((_, Some(seen))) if seen.state == "done" => {}
        Some((_, Some(seen))) => report("L1", format!("its record ends as {}", seen.state)),
        Some((_, None)) => report("L1", "in the end it has no record".into()),
        None => report("L1", "no event shows its record".into()),
    }
    for told in story.calls(key) {
        if told.call.caller == Caller::Waits && told.answered.is_none() && !story.died(told.worker) {
            report("L1", format!("{} was never answered, and {} lives", told.call.call, told.worker));
        }
    }
}
