//! The database goes away and comes back while requests come in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use idem_servers::{MariaDb, Postgres, Redis, Server, require};

use crate::support::{Reply, Shared, Target, post, until};

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

/// Two processes and eight callers, each with one operation after the other, each repeated at either process until it
/// is answered.
fn under_load(store: &str, outage: &dyn Fn(&Heard)) {
    let shared = Shared::at(store);
    let targets = [(); 2].map(|()| shared.start(&["--after-crash", "rerun"]));
    let heard = Arc::new(Heard { refused: AtomicUsize::new(0), done: AtomicUsize::new(0) });
    let (over, answers) = (AtomicBool::new(false), Mutex::new(HashMap::new()));
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let (targets, heard, over, answers) = (&targets, &heard, &over, &answers);
            scope.spawn(move || {
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let key = format!("k{caller}-{number}");
                    let answer = operation(targets, &key, heard);
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
        over.store(true, Ordering::SeqCst);
    });
    let answers = answers.into_inner().expect("answers");
    let effects = targets[0].effects();
    for (key, answer) in &answers {
        assert_eq!(effects["by_key"][format!("ada {key}")], 1, "{key} ran once");
        let replay = targets[1].send(&post("/pay").key(key));
        assert!(replay.is_replay(), "{key}");
        assert_eq!(replay.essence(), answer.essence(), "{key}: one answer");
    }
}

fn operation(targets: &[Target; 2], key: &str, heard: &Heard) -> Reply {
    let request = post("/pay").key(key);
    let mut at = 0;
    until("an operation is done", || {
        at += 1;
        let reply = targets[at % 2].send(&request);
        match reply.status {
            201 => Some(reply),
            503 => {
                assert!(["store-unavailable", "outcome-unknown"].contains(&&*reply.problem()), "{reply:?}");
                heard.refused.fetch_add(1, Ordering::SeqCst);
                None
            }
            409 => {
                assert_eq!(reply.problem(), "request-in-progress", "{reply:?}");
                None
            }
            _ => panic!("{reply:?}"),
        }
    })
}
