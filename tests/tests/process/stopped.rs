//! An owner that stands still past its lease, and wakes up when another process has answered.

use rustix::process::Signal;

use crate::support::{Shared, on_every_store, post, until};

on_every_store! {
    a_stale_owner_writes_nothing_and_answers_its_caller_with_the_winners_reply
    an_owner_that_wakes_up_late_may_still_settle_an_unknown_record
}

fn a_stale_owner_writes_nothing_and_answers_its_caller_with_the_winners_reply(shared: &Shared) {
    let arguments = ["--lease", "1500ms", "--after-crash", "rerun"];
    let (stale, winner) = (shared.start(&arguments), shared.start(&arguments));
    // Both have started all their threads, and the winner counts one run more: its answers can be told apart.
    for target in [&stale, &winner, &winner] {
        let warm = format!("warm-{}", target.total());
        assert_eq!(target.send(&post("/slow?ms=0").key(&warm)).status, 201);
    }
    let request = post("/slow?ms=1000").key("k");
    let caller = stale.begin(&request);
    stale.signal(Signal::STOP);
    let won = until("the lease ends and the winner has run", || {
        let reply = winner.send(&request);
        if reply.status == 409 {
            assert_eq!(reply.problem(), "request-in-progress");
            return None;
        }
        Some(reply)
    });
    assert_eq!((won.status, won.is_replay()), (201, false));
    assert_eq!(won.json()["run"], 3);
    stale.signal(Signal::CONT);
    let late = caller.reply();
    assert_eq!(late.essence(), won.essence(), "not its own answer");
    for target in [&stale, &winner] {
        let reply = target.send(&request);
        assert!(reply.is_replay());
        assert_eq!(reply.essence(), won.essence());
    }
    assert_eq!(winner.runs("k"), 2);
}

/// Unless the owner's renewal is faster than its handler: then the handler is stopped, and the record stays unknown. So
/// the test may need some tries.
fn an_owner_that_wakes_up_late_may_still_settle_an_unknown_record(shared: &Shared) {
    let arguments = ["--lease", "1500ms"];
    let (late, other) = (shared.start(&arguments), shared.start(&arguments));
    assert_eq!(late.send(&post("/slow?ms=0").key("warm")).status, 201);
    for number in 0..10 {
        let key = format!("k{number}");
        let request = post("/slow?ms=1000").key(&key);
        let caller = late.begin(&request);
        late.signal(Signal::STOP);
        until("the lease ends", || (other.send(&request).problem() == "outcome-unknown").then_some(()));
        late.signal(Signal::CONT);
        let first = caller.reply();
        assert_eq!(other.runs(&key), 1);
        if first.status == 409 {
            assert_eq!(first.problem(), "outcome-unknown");
            assert_eq!(other.send(&request).problem(), "outcome-unknown");
            continue;
        }
        assert_eq!((first.status, first.is_replay()), (201, false));
        let reply =
            until("the verdict is in", || Some(other.send(&request)).filter(|reply| reply.status != 409));
        assert!(reply.is_replay());
        assert_eq!(reply.essence(), first.essence());
        return;
    }
    panic!("its renewal was faster ten times");
}
