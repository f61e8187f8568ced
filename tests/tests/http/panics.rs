//! A handler that panics.

use crate::support::{Target, post};

#[test]
fn after_a_panic_nobody_knows_and_nothing_runs_again() {
    let target = Target::start(&[]);
    for _ in 0..3 {
        let refused = target.send(&post("/panic").key("k"));
        assert_eq!(refused.refusal(), (409, "outcome-unknown".to_owned()));
        let problem = refused.json();
        assert_eq!((&problem["retry_same_key"], &problem["safe_new_key"]), (&true.into(), &false.into()));
    }
    assert_eq!(target.runs("k"), 1);
}

#[test]
fn with_after_crash_rerun_a_panic_frees_the_key() {
    let target = Target::start(&["--after-crash", "rerun"]);
    for run in 1..=3 {
        let failed = target.send(&post("/panic").key("k"));
        assert_eq!(failed.refusal(), (500, "handler-panicked".to_owned()));
        assert_eq!(target.runs("k"), run);
    }
}

#[test]
fn a_panic_harms_no_other_request() {
    let target = Target::start(&[]);
    target.send(&post("/panic").key("k"));
    assert_eq!(target.send(&post("/pay").key("k")).status, 201);
    assert!(target.send(&post("/pay").key("k")).is_replay());
}
