//! I2, I4, I6, I8, I9: what callers hear.

use idem_tests::matrix::{Mode, Paid, Said};

use super::story::{At, Story, Told};
use super::{Effects, Report};

pub(super) fn check(story: &Story<'_>, key: &str, kind: Effects, report: &mut Report<'_>) {
    one_answer(story, key, report);
    let (done, say) = (story.done(key), story.say(key));
    for told in story.calls(key) {
        let Some((at, said)) = told.answered else { continue };
        belongs(told, said, report);
        if say.is_some_and(|say| say != told.call.say) {
            another_request(story, key, told, said, report);
        } else if let Some(done) = done {
            after_the_first(story, told, at, said, done, kind, report);
        }
    }
    stale_owners(story, key, kind, report);
}

/// I2: all of them say the same, byte for byte.
fn one_answer(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    let first = story.done_answers(key).min_by_key(|(at, ..)| *at);
    let Some((_, _, Said::Done { essence: first, .. })) = first else { return };
    for (_, told, said) in story.done_answers(key) {
        if let Said::Done { essence, .. } = said
            && essence != first
        {
            report("I2", format!("{} hears {essence:?}, and the first answer was {first:?}", told.call.call));
        }
    }
}

/// I2, I9: once the operation is known to be done, every call gets the stored answer; so does an owner that was
/// overtaken.
fn after_the_first(
    story: &Story<'_>,
    told: &Told<'_>,
    at: At,
    said: &Said,
    done: At,
    kind: Effects,
    report: &mut Report<'_>,
) {
    let name = &told.call.call;
    if told.invoked > done {
        match said {
            Said::Done { replayed: Some(false), .. } => {
                report("I9", format!("{name} came after the first answer, and gets one that is no replay"));
            }
            Said::Done { .. } => {}
            // It is leaving, and has nothing in its memory.
            Said::Refused { code, .. } if code == "shutting-down" => {}
            // It has not heard yet that its own run, under which it stood still, was overtaken.
            Said::Refused { code, .. } if code == "request-in-progress" && story.stood_still(told.worker) => {
            }
            other => report("I9", format!("{name} came after the first answer, and hears {other:?}")),
        }
    } else if at > done && told.ran_to_pay() && !matches!(said, Said::Done { .. }) && !undone(kind, said) {
        report("I2", format!("{name} ran, ended after the first answer, and hears {said:?}"));
    }
}

/// A transaction that was rolled back left nothing, and says so; another attempt may have run meanwhile.
fn undone(kind: Effects, said: &Said) -> bool {
    const CODES: [&str; 2] = ["transaction-aborted", "transaction-conflict"];
    kind == Effects::Coupled && matches!(said, Said::Refused { code, .. } if CODES.contains(&&**code))
}

/// I6: it never runs, and is told so once there is a record.
fn another_request(story: &Story<'_>, key: &str, told: &Told<'_>, said: &Said, report: &mut Report<'_>) {
    let name = &told.call.call;
    let since = story.forgotten(key).filter(|at| *at < told.invoked).max().unwrap_or(0);
    let mut looks =
        story.records(key).filter(|(at, seen)| (since..told.invoked).contains(at) && seen.is_some());
    match said {
        Said::Refused { code, .. } if code == "idempotency-key-reused" => {}
        Said::Refused { .. } if looks.next().is_none() => {}
        other => report("I6", format!("{name} says something else under this key, and hears {other:?}")),
    }
}

/// I6, I8, I9: an answer is about the caller's own request, and says truly whose it is.
fn belongs(told: &Told<'_>, said: &Said, report: &mut Report<'_>) {
    let name = &told.call.call;
    let mine = |paid: &Paid, report: &mut Report<'_>| {
        if paid.key != told.call.key {
            report("I8", format!("{name} hears what belongs to {}", paid.key));
        }
        if paid.say != told.call.say {
            report("I6", format!("{name} hears what belongs to a request that says {:?}", paid.say));
        }
    };
    match said {
        Said::Done { replayed, paid, .. } => {
            mine(paid, report);
            if *replayed == Some(false) && paid.run != *name {
                report("I9", format!("{name} hears the answer of {} as if it were its own", paid.run));
            }
        }
        Said::NotDone { replayed, paid, .. } => {
            mine(paid, report);
            if *replayed == Some(true) || paid.run != *name {
                report("I9", format!("{name} hears what {} said, and that was not final", paid.run));
            }
        }
        Said::Refused { .. } | Said::Panicked => {}
    }
}

/// I4: a run that stood still while another began under the same key is stale; its answer is never the record's. One
/// whose transaction is rolled back has no record any more, and may keep its answer if the other came to nothing.
fn stale_owners(story: &Story<'_>, key: &str, kind: Effects, report: &mut Report<'_>) {
    for stall in &story.stalls {
        let stale = |told: &&Told<'_>| {
            told.worker == stall.worker && told.begun.first().is_some_and(|at| *at < stall.from)
        };
        let overtaken = story.calls(key).any(|other| {
            other.worker != stall.worker
                && other.invoked > stall.from
                && other.begun.first().is_some_and(|at| (stall.from..stall.to).contains(at))
        });
        if !overtaken {
            continue;
        }
        for told in story.calls(key).filter(stale) {
            let name = &told.call.call;
            let rolled_back = kind == Effects::Coupled && told.call.mode == Mode::Reject;
            let heard = story
                .done_answers(key)
                .find(|(.., said)| matches!(said, Said::Done { paid, .. } if paid.run == *name));
            if let Some((_, by, _)) = heard.filter(|_| !rolled_back) {
                report(
                    "I4",
                    format!("{} hears the answer of {name}, which had been taken over", by.call.call),
                );
            }
        }
    }
}
