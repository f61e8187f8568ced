//! The version before and this one on one store: side by side, back, and forward again.
//!
//! The version before is built from the history, see `support::previous`.

mod ledger;
mod side_by_side;

use std::path::Path;

use rustix::process::Signal;

use crate::support::{Reply, Request, Shared, Target, post, previous_version};

/// Two versions of the program, on one store.
struct Versions<'s> {
    shared: &'s Shared,
    before: &'static Path,
    arguments: &'static [&'static str],
    /// What was answered, by either.
    answered: Vec<(Request, Reply)>,
}

impl<'s> Versions<'s> {
    fn of(shared: &'s Shared, arguments: &'static [&'static str]) -> Option<Self> {
        Some(Self { shared, before: previous_version()?, arguments, answered: Vec::new() })
    }

    fn start_before(&self) -> Target {
        self.shared.start_program(self.before, self.arguments)
    }

    fn start_this(&self) -> Target {
        self.shared.start(self.arguments)
    }

    /// New keys at `runs` are run there, and replayed by `other`; another request with the key is refused by both.
    fn one_runs_for_both(&mut self, round: &str, runs: &Target, other: &Target) {
        for path in ["/pay", "/refund", "/bytes", "/a/7/pay"] {
            let key = format!("{round} {path}").replace([' ', '/'], "-");
            let request = post(path).key(&key);
            let first = runs.send(&request);
            assert!(!first.is_replay() && first.status < 300, "{key}: {first:?}");
            let replay = other.send(&request);
            assert!(replay.is_replay(), "{key}: {replay:?}");
            assert_eq!(replay.essence(), first.essence(), "{key}");
            for target in [runs, other] {
                let reused = target.send(&request.clone().body("{\"amount\":8}"));
                assert_eq!(reused.problem(), "idempotency-key-reused", "{key}");
            }
            assert_eq!(other.runs(&key), 1, "{key}");
            self.answered.push((request, first));
        }
        // What was released runs again, wherever.
        let released = post("/status/503").key(&format!("{round}-released"));
        for target in [runs, other, runs] {
            let reply = target.send(&released);
            assert_eq!((reply.status, reply.is_replay()), (503, false));
        }
    }

    fn knows_everything(&self, target: &Target) {
        for (request, first) in &self.answered {
            let replay = target.send(request);
            assert!(replay.is_replay(), "{replay:?}");
            assert_eq!(replay.essence(), first.essence());
        }
    }
}

/// A handler that runs at one is in progress at the other.
fn a_duplicate_is_refused(round: &str, runs: &Target, other: &Target) {
    let request = post("/slow?ms=60000").key(&format!("{round}-slow"));
    let running = runs.begin(&request);
    assert_eq!(other.send(&request).refusal(), (409, "request-in-progress".to_owned()));
    drop(running);
}

fn stop(target: Target) {
    target.signal(Signal::TERM);
    assert!(target.ended().success(), "it drains");
}
