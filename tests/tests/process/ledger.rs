//! Effects in the store's own database: a row of the ledger for each key that was answered 201, and for no other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};

use crate::support::{
    End, Over, Pending, Reply, Request, Shared, Target, on_every_sql_store, post, request, until,
};

on_every_sql_store! {
    of_64_simultaneous_requests_to_four_processes_one_writes_a_row
    a_handler_that_fails_leaves_no_row_and_its_key_free
    a_mismatch_writes_nothing
    processes_killed_in_the_middle_leave_one_row_for_each_key_that_was_answered
}

fn of_64_simultaneous_requests_to_four_processes_one_writes_a_row(shared: &Shared) {
    let targets = [(); 4].map(|()| shared.start(&["--wait", "60s"]));
    let request = entry("k", 7);
    let pending: Vec<_> = (0..64).map(|number| request.begin(targets[number % 4].address())).collect();
    let replies: Vec<_> = pending.into_iter().map(Pending::reply).collect();
    for reply in &replies {
        assert_eq!(reply.status, 201, "{reply:?}");
        assert_eq!(reply.essence(), replies[0].essence());
    }
    assert_eq!(replies.iter().filter(|reply| !reply.is_replay()).count(), 1);
    assert_eq!(shared.ledger(), [("k".to_owned(), 7)]);
    for target in &targets {
        assert_eq!(target.effects()["ledger"], 1);
    }
}

fn a_handler_that_fails_leaves_no_row_and_its_key_free(shared: &Shared) {
    let targets = [shared.start(&[]), shared.start(&[])];
    let failing = post("/tx?amount=7&fail=1").key("k");
    for target in [&targets[0], &targets[1], &targets[0]] {
        let reply = target.send(&failing);
        assert_eq!((reply.status, reply.is_replay()), (500, false));
        assert_eq!(target.effects()["ledger"], 0);
    }
    assert_eq!(targets[0].runs("k"), 3, "it ran, and wrote its row, each time");
    let reply = targets[1].send(&entry("k", 8));
    assert_eq!((reply.status, reply.is_replay()), (201, false), "the key is free for any request");
    assert_eq!(shared.ledger(), [("k".to_owned(), 8)]);
}

fn a_mismatch_writes_nothing(shared: &Shared) {
    let targets = [shared.start(&[]), shared.start(&[])];
    assert_eq!(targets[0].send(&entry("k", 7)).status, 201);
    for target in &targets {
        assert_eq!(target.send(&entry("k", 8)).problem(), "idempotency-key-reused");
    }
    assert_eq!(shared.ledger(), [("k".to_owned(), 7)]);
}

#[test]
fn stores_without_tables_have_no_such_route() {
    let shared = Shared::on(crate::support::StoreKind::Redis);
    for target in [Some(Target::start(&[])), shared.as_ref().map(|shared| shared.start(&[]))] {
        let Some(target) = target else { continue };
        assert_eq!(target.send(&entry("k", 7)).status, 404);
        assert_eq!(target.effects()["ledger"], 0);
    }
}

/// Eight callers at two processes, of which now one, now the other is killed and replaced. Each key is sent again, to
/// the next process that may be there, until it is answered.
fn processes_killed_in_the_middle_leave_one_row_for_each_key_that_was_answered(shared: &Shared) {
    let targets = [(); 2].map(|()| RwLock::new(shared.start(&[])));
    let (done, broken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (over, answers) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        let _over = Over(&over);
        for caller in 0..8 {
            let (targets, done, broken, over, answers) = (&targets, &done, &broken, &over, &answers);
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let key = format!("k{caller}-{number}");
                    let reply = answered(targets, &entry(&key, 7), [done, broken]);
                    answers.lock().expect("answers").insert(key, reply);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for round in 0..6 {
            let progress = |more| {
                let before = done.load(Ordering::SeqCst);
                until("callers are answered", || (done.load(Ordering::SeqCst) > before + more).then_some(()));
            };
            progress(20);
            let (target, before) = (&targets[round % 2], broken.load(Ordering::SeqCst));
            target.read().expect("a target").kill();
            // With four callers at it, it was in the middle of something.
            until("a caller loses its answer", || (broken.load(Ordering::SeqCst) > before).then_some(()));
            progress(20);
            *target.write().expect("a target") = shared.start(&[]);
        }
    });
    let answers = answers.into_inner().expect("answers");
    let rows = shared.ledger();
    let keys: Vec<_> = answers.keys().map(|key| (key.clone(), 7)).collect();
    assert_eq!(rows, keys, "one row for each answered key, and no other");
    for (key, answer) in &answers {
        for target in &targets {
            let replay = target.read().expect("a target").send(&entry(key, 7));
            assert!(replay.is_replay(), "{key}");
            assert_eq!(replay.essence(), answer.essence(), "{key}: one answer");
        }
    }
}

/// Sends `request` to the processes in turn until one of them gives its answer.
fn answered(targets: &[RwLock<Target>; 2], request: &Request, [done, broken]: [&AtomicUsize; 2]) -> Reply {
    // Both get their share of first tries.
    let mut at = done.load(Ordering::SeqCst);
    until("an operation is done", || {
        at += 1;
        let address = targets[at % 2].read().expect("a target").address();
        let answer = request.try_begin(address).and_then(Pending::answer);
        let Some(reply) = answer.filter(|reply| reply.end == End::Whole) else {
            broken.fetch_add(1, Ordering::SeqCst);
            return None;
        };
        match reply.status {
            201 => Some(reply),
            // The transaction of a dead process is gone as soon as the database has seen the connection close.
            409 => {
                assert_eq!(reply.problem(), "request-in-progress");
                None
            }
            _ => panic!("{reply:?}"),
        }
    })
}

fn entry(key: &str, amount: i64) -> Request {
    request("POST", &format!("/tx?amount={amount}")).key(key)
}
