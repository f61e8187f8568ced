//! Effects and records of both versions in one transaction each.

use super::Versions;
use crate::support::{Shared, Target, on_every_sql_store, post};

on_every_sql_store! {
    both_versions_commit_effects_and_records_together
}

fn both_versions_commit_effects_and_records_together(shared: &Shared) {
    let Some(versions) = Versions::of(shared, &[]) else { return };
    let before = versions.start_before();
    let mut ledger = Vec::new();
    let mut entry = |runs: &Target, other: &Target, key: &str| {
        let failing = post("/tx?amount=7&fail=1").key(key);
        for target in [runs, other] {
            assert_eq!(target.send(&failing).status, 500);
        }
        let request = post("/tx?amount=7").key(key);
        let first = runs.send(&request);
        assert_eq!((first.status, first.is_replay()), (201, false), "{first:?}");
        let replay = other.send(&request);
        assert!(replay.is_replay(), "{replay:?}");
        assert_eq!(replay.essence(), first.essence());
        assert_eq!(other.send(&post("/tx?amount=8").key(key)).problem(), "idempotency-key-reused");
        ledger.push((key.to_owned(), 7));
        ledger.sort();
        assert_eq!(shared.ledger(), ledger);
    };
    entry(&before, &before, "alone");
    let this = versions.start_this();
    entry(&before, &this, "before");
    entry(&this, &before, "this");
    this.crash();
    let restarted = versions.start_before();
    entry(&before, &restarted, "back");
    let this = versions.start_this();
    entry(&this, &restarted, "forward");
}
