//! Duplicates of a request that is still running.

use super::start;
use crate::support::{Pending, post};

#[test]
fn a_duplicate_of_a_running_request_gets_409_and_when_to_ask_again() {
    let target = start(&[]);
    let request = post("/slow?ms=60000").key("k");
    let running = target.begin(&request);
    for _ in 0..3 {
        let refused = target.send(&request);
        assert_eq!(refused.refusal(), (409, "request-in-progress".to_owned()));
        assert_eq!(refused.one("retry-after"), Some("1"));
    }
    assert_eq!(target.runs("k"), 1);
    drop(running);
}

#[test]
fn a_route_that_waits_answers_its_duplicates_with_the_first_answer() {
    let target = start(&[]);
    let request = post("/wait?ms=300").key("k");
    let running = target.begin(&request);
    let duplicates: Vec<_> = (0..8).map(|_| request.begin(target.address())).collect();
    let first = running.reply();
    assert_eq!((first.status, first.is_replay()), (201, false));
    for duplicate in duplicates {
        let reply = duplicate.reply();
        assert!(reply.is_replay(), "{reply:?}");
        assert_eq!(reply.essence(), first.essence());
    }
    assert_eq!(target.runs("k"), 1);
}

#[test]
fn waiting_can_be_the_default_of_a_server_and_gives_up_in_the_end() {
    let target = start(&["--wait", "100ms"]);
    let request = post("/slow?ms=60000").key("k");
    let running = target.begin(&request);
    assert_eq!(target.send(&request).refusal(), (409, "request-in-progress".to_owned()));
    drop(running);
}

#[test]
fn of_many_simultaneous_requests_one_runs() {
    let target = start(&[]);
    let request = post("/wait?ms=50").key("k");
    let pending: Vec<_> = (0..64).map(|_| request.begin(target.address())).collect();
    let replies: Vec<_> = pending.into_iter().map(Pending::reply).collect();
    assert_eq!(replies.iter().filter(|reply| !reply.is_replay()).count(), 1);
    assert!(replies.iter().all(|reply| reply.essence() == replies[0].essence()));
    assert_eq!(target.runs("k"), 1);
}
