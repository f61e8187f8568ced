//! The database goes away and comes back while requests come in.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use idem_testing::servers::{MariaDb, Postgres, Redis, Server, require};

use crate::support::{Over, Reply, Request, Shared, Target, post, until};

#[test]
fn postgres_restarted_under_load_loses_and_doubles_nothing() {
    let Some(server) = require(Postgres::builder().setting("fsync", "on").start()) else { return };
    under_load(&server.url(), &restarted(&server));
}

#[test]
fn mariadb_restarted_under_load_loses_and_doubles_nothing() {
    let builder = MariaDb::builder().setting("innodb_flush_log_at_trx_commit", "1");
    let Some(server) = require(builder.start()) else { return };
    under_load(&server.url(), &restarted(&server));
}

#[test]
fn postgres_restarted_under_load_commits_effects_and_records_together() {
    let Some(server) = require(Postgres::builder().setting("fsync", "on").start()) else { return };
    transactions_under_load(&server.url(), &restarted(&server));
}

#[test]
fn mariadb_restarted_under_load_commits_effects_and_records_together() {
    let builder = MariaDb::builder().setting("innodb_flush_log_at_trx_commit", "1");
    let Some(server) = require(builder.start()) else { return };
    transactions_under_load(&server.url(), &restarted(&server));
}

#[test]
fn redis_with_its_log_restarted_under_load_loses_and_doubles_nothing() {
    let builder = Redis::builder().setting("appendonly", "yes").setting("appendfsync", "always");
    let Some(server) = require(builder.start()) else { return };
    under_load(&server.url(), &restarted(&server));
}

/// Frozen, not killed: what it keeps in memory would be gone, which is said in its documentation.
#[test]
fn redis_frozen_under_load_loses_and_doubles_nothing() {
    let Some(server) = require(Redis::start()) else { return };
    under_load(&server.url(), &|heard| {
        server.freeze().expect("it can be frozen");
        heard.refusals("while the database is away");
        server.thaw().expect("it goes on");
    });
}

fn restarted(server: &Server) -> impl Fn(&Heard) {
    |heard| {
        server.kill().expect("it can be killed");
        heard.refusals("while the database is away");
        server.start_again().expect("it starts again");
    }
}

/// What the callers have heard.
struct Heard {
    refused: AtomicUsize,
    done: AtomicUsize,
}

impl Heard {
    /// Waits for some more answers that say that the store is away.
    fn refusals(&self, what: &str) {
        let before = self.refused.load(Ordering::SeqCst);
        until(what, || (self.refused.load(Ordering::SeqCst) > before + 8).then_some(()));
    }

    /// Waits for some more operations that are done.
    fn progress(&self, what: &str) {
        let before = self.done.load(Ordering::SeqCst);
        until(what, || (self.done.load(Ordering::SeqCst) > before + 40).then_some(()));
    }
}

/// Plain handlers: each ran once, since 503 says that nothing ran or that the outcome is not known yet.
fn under_load(store: &str, outage: &dyn Fn(&Heard)) {
    let shared = Shared::at(store);
    let pay = |key: &str| post("/pay").key(key);
    let (targets, answers) = answers_under_load(&shared, &pay, &["--after-crash", "rerun"], outage);
    let effects = targets[0].effects();
    for key in answers.keys() {
        assert_eq!(effects["by_key"][format!("ada {key}")], 1, "{key} ran once");
    }
    assert_replayed(&targets[1], &pay, &answers);
}

/// Handlers with a transaction: they may run again after a rollback, so the rows count.
fn transactions_under_load(store: &str, outage: &dyn Fn(&Heard)) {
    let shared = Shared::at(store);
    let enter = |key: &str| post("/tx?amount=7").key(key);
    let (targets, answers) = answers_under_load(&shared, &enter, &[], outage);
    let keys: Vec<_> = answers.keys().map(|key| (key.clone(), 7)).collect();
    assert_eq!(shared.ledger(), keys, "one row for each answered key, and no other");
    assert_replayed(&targets[1], &enter, &answers);
}

fn assert_replayed(target: &Target, request: &dyn Fn(&str) -> Request, answers: &BTreeMap<String, Reply>) {
    for (key, answer) in answers {
        let replay = target.send(&request(key));
        assert!(replay.is_replay(), "{key}");
        assert_eq!(replay.essence(), answer.essence(), "{key}: one answer");
    }
}

/// Two processes and eight callers, each with one operation after the other, each repeated at either process until it
/// is answered.
fn answers_under_load(
    shared: &Shared,
    request: &(dyn Fn(&str) -> Request + Sync),
    arguments: &[&str],
    outage: &dyn Fn(&Heard),
) -> ([Target; 2], BTreeMap<String, Reply>) {
    let targets = [(); 2].map(|()| shared.start(arguments));
    let heard = Heard { refused: AtomicUsize::new(0), done: AtomicUsize::new(0) };
    let (over, answers) = (AtomicBool::new(false), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        let _over = Over(&over);
        for caller in 0..8 {
            let (targets, heard, over, answers) = (&targets, &heard, &over, &answers);
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let key = format!("k{caller}-{number}");
                    let answer = operation(targets, &request(&key), heard);
                    answers.lock().expect("answers").insert(key, answer);
                    heard.done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        heard.progress("before");
        for _ in 0..2 {
            outage(&heard);
            heard.progress("service resumes by itself");
        }
    });
    (targets, answers.into_inner().expect("answers"))
}

/// What is said meanwhile must be true: nothing was done, or the outcome is not known yet.
fn operation(targets: &[Target; 2], request: &Request, heard: &Heard) -> Reply {
    // Both get their share of first tries.
    let mut at = heard.done.load(Ordering::SeqCst);
    until("an operation is done", || {
        at += 1;
        let reply = targets[at % 2].send(request);
        match reply.status {
            201 => Some(reply),
            503 => {
                heard.refused.fetch_add(1, Ordering::SeqCst);
                // In a transaction, it may also be the handler that could not write.
                if reply.body != b"the row could not be written" {
                    assert!(
                        ["store-unavailable", "outcome-unknown"].contains(&&*reply.problem()),
                        "{reply:?}"
                    );
                }
                None
            }
            409 => {
                assert_eq!(reply.problem(), "request-in-progress");
                None
            }
            _ => panic!("{reply:?}"),
        }
    })
}
