//! Processes that are killed in the middle of a handler.

use crate::support::{Reply, Shared, on_every_store, post, until};

on_every_store! {
    after_a_crash_the_key_is_in_progress_until_the_lease_ends_and_then_unknown_for_ever
    with_after_crash_rerun_exactly_one_of_many_callers_runs_it_again
    a_crash_after_completion_loses_nothing
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
    let answers: Vec<Reply> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|number| {
                let (target, request) = (&others[number % 2], &request);
                scope.spawn(move || {
                    until("the operation ends", || {
                        let reply = target.send(request);
                        (reply.status != 409).then_some(reply)
                    })
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller")).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, answer.essence()), (201, answers[0].essence()));
    }
    assert_eq!(answers.iter().filter(|answer| !answer.is_replay()).count(), 1);
    assert_eq!(others[0].runs("k"), 2, "the run that died and the one that took over");
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
