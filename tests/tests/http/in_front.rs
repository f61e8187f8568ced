//! The same suites, with idem as a layer in front of the whole service.
#![allow(clippy::duplicate_mod, reason = "each suite runs against two servers")]

use crate::support::{Target, post};

#[path = "bodies.rs"]
mod bodies;
#[path = "expiry.rs"]
mod expiry;
#[path = "identity.rs"]
mod identity;
#[path = "keys.rs"]
mod keys;
#[path = "layers.rs"]
mod layers;
#[path = "methods.rs"]
mod methods;
#[path = "mismatch.rs"]
mod mismatch;
#[path = "operations.rs"]
mod operations;
#[path = "outcomes.rs"]
mod outcomes;
#[path = "panics.rs"]
mod panics;
#[path = "problems.rs"]
mod problems;
#[path = "replay.rs"]
mod replay;
#[path = "responses.rs"]
mod responses;
#[path = "running.rs"]
mod running;

fn start(arguments: &[&str]) -> Target {
    let mut all = arguments.to_vec();
    all.extend(["--framework", "tower"]);
    Target::start(&all)
}

/// In front of the extractors, a request that they refuse has had its key already.
#[test]
fn a_malformed_body_binds_its_key_and_stores_nothing() {
    let target = start(&[]);
    let malformed = post("/pay").key("k").body("[1]");
    for _ in 0..2 {
        let refused = target.send(&malformed);
        assert_eq!(
            (refused.status, refused.is_replay()),
            (400, false),
            "it may run again, and is refused again"
        );
        assert_eq!(refused.body, b"the body must be a JSON object");
    }
    assert_eq!(target.send(&post("/pay").key("k")).refusal(), (400, "idempotency-key-reused".to_owned()));
    assert_eq!(target.total(), 0);
    assert_eq!(target.send(&post("/pay").key("k2")).status, 201);
}

/// There is no transaction that a layer in front could hand to a handler.
#[test]
fn a_route_in_a_transaction_is_not_there() {
    assert_eq!(start(&["--store", "memory"]).send(&post("/tx?amount=1").key("k")).status, 404);
}
