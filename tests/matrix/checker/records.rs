//! I3 and durability: what looking at the record shows.

use super::Report;
use super::story::Story;

pub(super) fn check(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    let done = story.done(key);
    let mut last: Option<(u32, u64)> = None;
    for (at, seen) in story.records(key) {
        let state = seen.map_or("absent", |seen| &*seen.state);
        if done.is_some_and(|done| story.look_began(key, at) > done) && state != "done" {
            report("durable", format!("it was done, and now its record is {state}"));
        }
        let Some(seen) = seen else { continue };
        if let Some((attempts, fence)) = last {
            if seen.fence < fence {
                report("I3", format!("its fence fell from {fence} to {}", seen.fence));
            }
            if seen.attempts > attempts && seen.fence == fence {
                report("I3", format!("attempts {attempts} and {} have one fence", seen.attempts));
            }
        }
        last = Some((seen.attempts, seen.fence));
    }
}
