//! Callers that do not wait for their answer.

use crate::support::{Reply, Request, Shared, Target, on_every_store, post, until};

on_every_store! {
    its_retry_may_reach_another_process
}

fn retried(target: &Target, request: &Request) -> Reply {
    until("the handler ends", || {
        let reply = target.send(request);
        if reply.status == 409 {
            assert_eq!(reply.problem(), "request-in-progress");
            return None;
        }
        Some(reply)
    })
}

#[test]
fn a_caller_that_hangs_up_right_after_the_effect_gets_the_answer_on_its_retry() {
    let target = Target::start(&[]);
    let request = post("/slow?ms=500").key("k");
    drop(target.begin(&request));
    let reply = retried(&target, &request);
    assert_eq!((reply.status, reply.is_replay()), (201, true));
    assert_eq!(reply.json()["run"], 1);
    assert_eq!(target.runs("k"), 1);
}

fn its_retry_may_reach_another_process(shared: &Shared) {
    let (one, other) = (shared.start(&[]), shared.start(&[]));
    let request = post("/slow?ms=500").key("k");
    drop(one.begin(&request));
    let reply = retried(&other, &request);
    assert_eq!((reply.status, reply.is_replay()), (201, true));
    assert_eq!(other.runs("k"), 1);
}

#[test]
fn a_caller_that_hangs_up_before_it_is_read_leaves_nothing_undecided() {
    let target = Target::start(&[]);
    let request = post("/pay").key("k");
    drop(request.begin(target.address()));
    // Either it ran, or it never will by itself: a retry is answered and nothing ran twice.
    let reply = retried(&target, &request);
    assert_eq!(reply.status, 201);
    assert_eq!(target.runs("k"), 1);
}
