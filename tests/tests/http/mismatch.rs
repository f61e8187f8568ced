//! One key, two requests.

use super::start;
use crate::support::{Request, post};

fn reused(status: u16) -> (u16, String) {
    (status, "idempotency-key-reused".to_owned())
}

/// The request that holds the key, and others that say something else.
fn others() -> (Request, Vec<Request>) {
    let first = post("/slow?ms=0").key("k");
    let others = vec![
        first.clone().body(r#"{"amount":8}"#),
        first.clone().body(r#"{"amount": 7}"#),
        first.clone().body(r#"{"amount":7.0}"#),
        post("/slow?ms=1").key("k"),
        first.clone().content_type("application/vnd.order+json"),
    ];
    (first, others)
}

#[test]
fn another_body_query_or_content_type_is_refused_and_sees_no_reply() {
    for (profile, status) in [("default", 400), ("draft07", 422)] {
        let target = start(&["--profile", profile]);
        let (first, others) = others();
        assert_eq!(target.send(&first).status, 201);
        for other in others {
            let refused = target.send(&other);
            assert_eq!(refused.refusal(), reused(status), "{other:?}");
            assert!(!refused.is_replay());
        }
        assert!(target.send(&first).is_replay(), "the refused ones changed nothing");
        assert_eq!(target.runs("k"), 1);
    }
}

#[test]
fn content_type_parameters_and_case_do_not_count() {
    let target = start(&[]);
    target.send(&post("/pay").key("k"));
    for same in ["application/json; charset=utf-8", "Application/JSON"] {
        assert!(target.send(&post("/pay").key("k").content_type(same)).is_replay(), "{same}");
    }
}

#[test]
fn a_mismatch_is_told_before_in_progress() {
    let target = start(&[]);
    let request = post("/slow?ms=60000").key("k");
    let running = target.begin(&request);
    assert_eq!(target.send(&request.clone().body("{}")).refusal(), reused(400));
    assert_eq!(target.send(&request).refusal(), (409, "request-in-progress".to_owned()));
    drop(running);
}

#[test]
fn a_mismatch_is_told_before_outcome_unknown_and_on_a_released_key() {
    let target = start(&[]);
    target.send(&post("/panic").key("k"));
    assert_eq!(target.send(&post("/panic").key("k").body("{}")).refusal(), reused(400));
    target.send(&post("/status/503").key("k"));
    assert_eq!(target.send(&post("/status/503").key("k").body("{}")).refusal(), reused(400));
    assert_eq!(target.total(), 2);
}

#[test]
fn a_canonical_body_may_change_its_spelling_but_not_its_meaning() {
    let target = start(&[]);
    let canonical = |body: &str| target.send(&post("/canonical").key("k").body(body));
    let first = canonical(r#"{"a":1,"b":"é","ts":1}"#);
    assert_eq!(first.status, 201);
    for same in [r#"{"b":"é","a":1,"ts":1}"#, r#"{ "a" : 1, "b":"é", "ts":2 }"#, r#"{"b":"\u00e9","a":1}"#]
    {
        let again = canonical(same);
        assert!(again.is_replay(), "{same}");
        assert_eq!(again.body, first.body, "the first caller's bytes");
    }
    for other in [r#"{"a":1.0,"b":"é"}"#, r#"{"a":1,"b":"è"}"#, r#"{"a":1}"#, r#"{"a":1,"b":"é","c":null}"#]
    {
        assert_eq!(canonical(other).refusal(), reused(400), "{other}");
    }
    assert_eq!(canonical(r#"{"a":1,"a":1,"b":"é"}"#).refusal(), (400, "fingerprint-invalid".to_owned()));
    assert_eq!(target.runs("k"), 1);
}

#[test]
fn numbers_beyond_double_precision_are_different_requests() {
    let target = start(&[]);
    for path in ["/pay", "/canonical"] {
        let request = post(path).key("k").body(r#"{"id":9007199254740993}"#);
        assert_eq!(target.send(&request).status, 201);
        assert_eq!(target.send(&request.body(r#"{"id":9007199254740992}"#)).refusal(), reused(400), "{path}");
    }
}
