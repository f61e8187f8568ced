//! What a restart keeps.

use crate::support::{Shared, Target, on_every_store, post};

on_every_store! {
    a_restart_keeps_every_answer
    a_restart_keeps_unknown_records
}

fn a_restart_keeps_every_answer(shared: &Shared) {
    let target = shared.start(&["--on-error", "store"]);
    let paths = [
        "/pay",
        "/bytes",
        "/empty",
        "/headers",
        "/see-other",
        "/status/404",
        "/status/500",
        "/large?bytes=99999",
    ];
    let first: Vec<_> = paths.iter().map(|path| target.send(&post(path).key("k"))).collect();
    drop(target);
    let target = shared.start(&[]);
    for (path, first) in paths.iter().zip(first) {
        let reply = target.send(&post(path).key("k"));
        assert!(reply.is_replay(), "{path}");
        assert_eq!((reply.status, &reply.body), (first.status, &first.body), "{path}");
        assert_eq!(
            target.send(&post(path).key("k").body("{}")).problem(),
            "idempotency-key-reused",
            "{path}"
        );
    }
    assert_eq!(target.runs("k"), paths.len() as u64);
}

fn a_restart_keeps_unknown_records(shared: &Shared) {
    let request = post("/panic").key("k");
    for _ in 0..2 {
        assert_eq!(shared.start(&[]).send(&request).problem(), "outcome-unknown");
    }
    assert_eq!(shared.start(&[]).runs("k"), 1);
}

#[test]
fn the_memory_store_forgets_with_its_process() {
    for _ in 0..2 {
        assert!(!Target::start(&[]).send(&post("/pay").key("k")).is_replay());
    }
}
