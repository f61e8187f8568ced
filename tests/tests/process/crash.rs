//! Processes that are killed in the middle of a handler.

use crate::support::{Reply, Request, Shared, Target, on_every_store, post, until};

on_every_store! {
    after_a_crash_the_key_is_in_progress_until_the_lease_ends_and_then_unknown_for_ever
    with_after_crash_rerun_exactly_one_of_many_callers_runs_it_again
    a_crash_after_completion_loses_nothing
    after_a_crash_exactly_one_of_many_callers_runs_what_a_hook_says_did_not_happen
    after_a_crash_every_caller_gets_what_a_hook_found
}

fn after_a_crash_the_key_is_in_progress_until_the_lease_ends_and_then_unknown_for_ever(shared: &Shared) {
    let arguments = ["--lease", "2s"];
    let (dying, other) = (shared.start(&arguments), shared.start(&arguments));
    let request = post("/slow?ms=60000").key("k");
    let running = dying.begin(&request);
    dying.crash();
    drop(running);
    let mut codes = Vec::new();
    until("the lease ends", || {
        let reply = other.send(&request);
        assert_eq!(reply.status, 409);
        codes.push(reply.problem());
        (codes.last()? == "outcome-unknown").then_some(())
    });
    codes.dedup();
    assert_eq!(codes, ["request-in-progress", "outcome-unknown"]);
    let restarted = shared.start(&arguments);
    for target in [&other, &restarted] {
        assert_eq!(target.send(&request).problem(), "outcome-unknown");
    }
    assert_eq!(other.runs("k"), 1);
}

fn with_after_crash_rerun_exactly_one_of_many_callers_runs_it_again(shared: &Shared) {
    let arguments = ["--lease", "2s", "--after-crash", "rerun"];
    let dying = shared.start(&arguments);
    let request = post("/slow?ms=1500").key("k");
    let running = dying.begin(&request);
    dying.crash();
    drop(running);
    let others = [shared.start(&arguments), shared.start(&arguments)];
    let answers = eight_callers(&others, &request);
    for answer in &answers {
        assert_eq!((answer.status, answer.essence()), (201, answers[0].essence()));
    }
    assert_eq!(answers.iter().filter(|answer| !answer.is_replay()).count(), 1);
    assert_eq!(others[0].runs("k"), 2, "the run that died and the one that took over");
}

/// Each asks until it has an answer.
fn eight_callers(targets: &[Target; 2], request: &Request) -> Vec<Reply> {
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|number| {
                let target = &targets[number % 2];
                scope.spawn(move || {
                    until("the operation ends", || {
                        let reply = target.send(request);
                        (reply.status != 409).then_some(reply)
                    })
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller")).collect()
    })
}

fn after_a_crash_exactly_one_of_many_callers_runs_what_a_hook_says_did_not_happen(shared: &Shared) {
    let arguments = ["--lease", "1s", "--verify", "did-not-happen"];
    let dying = shared.start(&arguments);
    let request = post("/slow?ms=300").key("k");
    let running = dying.begin(&request);
    dying.crash();
    drop(running);
    // Both processes ask their hook, and both verdicts come at any time.
    let others = [shared.start(&arguments), shared.start(&arguments)];
    let answers = eight_callers(&others, &request);
    for answer in &answers {
        assert_eq!((answer.status, answer.essence()), (201, answers[0].essence()));
    }
    assert_eq!(answers.iter().filter(|answer| !answer.is_replay()).count(), 1);
    assert_eq!(others[0].runs("k"), 2, "the run that died and the one that its verdict allowed");
}

fn after_a_crash_every_caller_gets_what_a_hook_found(shared: &Shared) {
    let arguments = ["--lease", "1s", "--verify", "happened"];
    let dying = shared.start(&arguments);
    let request = post("/slow?ms=60000").key("k");
    let running = dying.begin(&request);
    dying.crash();
    drop(running);
    let others = [shared.start(&arguments), shared.start(&arguments)];
    for answer in eight_callers(&others, &request) {
        assert_eq!((answer.status, answer.is_replay()), (201, true));
        assert_eq!(answer.body, br#"{"found":true}"#);
    }
    assert_eq!(others[0].runs("k"), 1, "the run that died");
}

fn a_crash_after_completion_loses_nothing(shared: &Shared) {
    let dying = shared.start(&[]);
    let request = post("/pay").key("k");
    let first = dying.send(&request);
    dying.crash();
    let reply = shared.start(&[]).send(&request);
    assert!(reply.is_replay());
    assert_eq!(reply.essence(), first.essence());
}
