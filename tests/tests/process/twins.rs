//! The same request at two processes at once.

use crate::support::{Pending, Shared, on_every_store, post, until};

on_every_store! {
    of_64_simultaneous_requests_to_four_processes_one_runs
    many_keys_at_two_processes_at_once_run_once_each
    a_living_handler_is_not_taken_over_however_many_leases_it_lasts
    a_mismatch_is_told_across_processes
}

fn of_64_simultaneous_requests_to_four_processes_one_runs(shared: &Shared) {
    let targets = [(); 4].map(|()| shared.start(&[]));
    let request = post("/wait?ms=100").key("k");
    let pending: Vec<_> = (0..64).map(|number| request.begin(targets[number % 4].address())).collect();
    let replies: Vec<_> = pending.into_iter().map(Pending::reply).collect();
    assert_eq!(replies.iter().filter(|reply| !reply.is_replay()).count(), 1);
    for reply in &replies {
        assert_eq!(reply.status, 201);
        assert_eq!(reply.essence(), replies[0].essence());
    }
    for target in &targets {
        assert_eq!(target.runs("k"), 1, "both count the same file");
    }
}

fn many_keys_at_two_processes_at_once_run_once_each(shared: &Shared) {
    let targets = [shared.start(&[]), shared.start(&[])];
    let requests: Vec<_> = (0..16).map(|number| post("/wait?ms=0").key(&format!("k{number}"))).collect();
    let all = requests
        .iter()
        .flat_map(|request| [0, 1, 0, 1].map(|at: usize| request.begin(targets[at].address())));
    let pending: Vec<_> = all.collect();
    for reply in pending.into_iter().map(Pending::reply) {
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    for number in 0..16 {
        assert_eq!(targets[0].runs(&format!("k{number}")), 1);
    }
}

fn a_living_handler_is_not_taken_over_however_many_leases_it_lasts(shared: &Shared) {
    // Were it taken over, a second run would show. A virtual machine may stand still for seconds, a renewal with it.
    let arguments = ["--lease", "9s", "--after-crash", "rerun"];
    let (owner, other) = (shared.start(&arguments), shared.start(&arguments));
    let request = post("/slow?ms=20000").key("k");
    let running = owner.begin(&request);
    let mut refused = 0;
    let replay = until("it is done", || {
        let reply = other.send(&request);
        if reply.is_replay() {
            return Some(reply);
        }
        assert_eq!(reply.refusal(), (409, "request-in-progress".to_owned()));
        refused += 1;
        None
    });
    assert!(refused > 0, "it asked while the handler ran");
    assert_eq!(replay.essence(), running.reply().essence());
    assert_eq!(owner.runs("k"), 1);
}

fn a_mismatch_is_told_across_processes(shared: &Shared) {
    let (one, other) = (shared.start(&[]), shared.start(&[]));
    let request = post("/slow?ms=60000").key("k");
    let running = one.begin(&request);
    assert_eq!(other.send(&request.clone().body("{}")).problem(), "idempotency-key-reused");
    assert_eq!(other.send(&request).problem(), "request-in-progress");
    drop(running);
}
