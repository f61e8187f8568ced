//! I1, I5, and what each kind promises about foreign effects.

use std::collections::BTreeSet;

use idem_tests::matrix::Said;

use super::story::{At, Story};
use super::{Effects, Report};

pub(super) fn check(story: &Story<'_>, key: &str, kind: Effects, report: &mut Report<'_>) {
    own_request(story, key, report);
    match kind {
        Effects::AtMostOnce => {
            let happened: usize = story.calls(key).map(|told| told.effects.len()).sum();
            if happened > 1 {
                report("one effect", format!("it happened {happened} times"));
            }
            attempts(story, key, report);
        }
        Effects::OncePerAttempt => attempts(story, key, report),
        Effects::OncePerDerivedKey => {
            derived_keys(story, key, report);
            attempts(story, key, report);
        }
        Effects::Coupled => ledger(story, key, report),
    }
    truth(story, key, kind, report);
}

/// I6: only one request ever runs under a key, and each call of it at most once.
fn own_request(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    let say = story.say(key);
    for told in story.calls(key).filter(|told| !told.begun.is_empty()) {
        let name = &told.call.call;
        if say.is_some_and(|say| say != told.call.say) {
            report("I6", format!("{name} ran, and says something else than the first request"));
        }
        if told.begun.len() > 1 {
            report("one run", format!("{name} ran {} times", told.begun.len()));
        }
    }
}

/// One derived key over all runs, of every worker, and no derived key of another operation.
fn derived_keys(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    let mine: BTreeSet<Option<&str>> = story.derived_keys(key).collect();
    if mine.len() > 1 {
        report(
            "one derived key",
            format!("a service that remembers keys has it {} times: {mine:?}", mine.len()),
        );
    }
    if mine.contains(&None) {
        report("one derived key", "a service was asked without a key".into());
    }
    for other in story.keys().into_iter().filter(|other| *other != key) {
        if let Some(shared) =
            story.derived_keys(other).flatten().find(|derived| mine.contains(&Some(*derived)))
        {
            report("one derived key", format!("it asks a service with {shared}, and so does {other}"));
        }
    }
}

/// Every run had a claim of its own: no more runs than the record counts, since it was last dropped.
fn attempts(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    let mut bounds: Vec<At> = story.forgotten(key).collect();
    bounds.insert(0, 0);
    bounds.push(At::MAX);
    for bound in bounds.windows(2) {
        let span = bound[0]..bound[1];
        let runs = story.calls(key).flat_map(|told| &told.begun).filter(|at| span.contains(at)).count();
        let seen = story.records(key).filter(|(at, _)| span.contains(at)).filter_map(|(_, seen)| seen).last();
        if let Some(seen) = seen
            && runs > seen.attempts as usize
        {
            report("one run", format!("{runs} runs, and the record knows of {} attempts", seen.attempts));
        }
    }
}

/// I1, I5: one committed effect if the record says that it happened, else none.
fn ledger(story: &Story<'_>, key: &str, report: &mut Report<'_>) {
    let Some(rows) = story.ledger(key) else {
        report("I5", "no event shows the ledger".into());
        return;
    };
    let answer = story.done_answers(key).max_by_key(|(at, ..)| *at);
    let wanted = match answer {
        Some((.., Said::Done { status: 201, paid, .. })) => vec![paid.run.clone()],
        _ => Vec::new(),
    };
    if rows.len() > 1 {
        report("I1", format!("{} effects are committed: {rows:?}", rows.len()));
    } else if rows != wanted {
        report("I5", format!("the ledger has {rows:?}, and the answer is that of {wanted:?}"));
    }
}

/// What is told as done has happened, and by whom it says.
fn truth(story: &Story<'_>, key: &str, kind: Effects, report: &mut Report<'_>) {
    for (at, told, said) in story.done_answers(key) {
        let Said::Done { status, paid, .. } = said else { continue };
        let is_true = match (&*paid.run, story.run(&paid.run)) {
            ("verdict", _) => story.verdicts(key).any(|(given, happened)| happened && given < at),
            (_, None) => false,
            (_, Some(run)) if *status == 422 => run.begun.first().is_some_and(|begun| *begun < at),
            // The ledger tells where a coupled effect is.
            (_, Some(run)) if kind == Effects::Coupled => run.begun.first().is_some_and(|begun| *begun < at),
            (_, Some(run)) => run.effects.first().is_some_and(|effect| *effect < at),
        };
        if !is_true {
            report("truth", format!("{} hears that {} did it, and that is not so", told.call.call, paid.run));
        }
    }
}
