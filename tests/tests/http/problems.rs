//! The shape of a refusal.

use serde_json::Value;

use super::start;
use crate::support::{Reply, post};

const KEY: &str = "very-private-key";

#[track_caller]
fn check(reply: &Reply, status: u16, code: &str, advice: [bool; 3]) {
    assert_eq!(reply.refusal(), (status, code.to_owned()));
    assert_eq!(reply.one("cache-control"), Some("no-store"), "{code}");
    assert!(!reply.is_replay(), "{code}");
    let problem = reply.json();
    let members: Vec<&str> = problem.as_object().expect("an object").keys().map(String::as_str).collect();
    for member in ["type", "title", "status", "detail", "code", "retryable", "retry_same_key", "safe_new_key"]
    {
        assert!(members.contains(&member), "{code} has no {member}");
    }
    assert_eq!(problem["type"], format!("urn:idem:problem:{code}"));
    assert_eq!(problem["status"], status, "{code}");
    for text in ["title", "detail"] {
        assert!(problem[text].as_str().is_some_and(|text| !text.is_empty()), "{code}: {text}");
    }
    if let [_, _, false] = advice {
        assert!(!problem["detail"].to_string().contains("use a new key"), "{code} contradicts itself");
    }
    let said = ["retryable", "retry_same_key", "safe_new_key"].map(|member| &problem[member]);
    assert_eq!(said, advice.map(Value::Bool).each_ref(), "{code}");
    assert!(!String::from_utf8_lossy(&reply.body).contains(KEY), "{code} tells the key");
    assert!(reply.lines.iter().all(|(_, value)| value != KEY.as_bytes()), "{code} tells the key");
}

#[test]
fn every_refusal_is_a_problem_document_that_says_what_to_do_and_never_the_key() {
    let target = start(&["--max-response-bytes", "10", "--max-request-bytes", "1000"]);
    let (yes, no) = (true, false);
    check(&target.send(&post("/pay")), 400, "idempotency-key-missing", [no, no, yes]);
    check(&target.send(&post("/pay").key(&KEY.repeat(20))), 400, "idempotency-key-invalid", [no, no, yes]);
    // One of several keys may be that of an operation that happened.
    check(&target.send(&post("/pay").key(KEY).key(KEY)), 400, "idempotency-key-invalid", [no, no, no]);
    let large = post("/large?bytes=11").key(KEY);
    target.send(&large);
    check(&target.send(&large), 409, "result-unavailable", [no, no, no]);
    check(&target.send(&large.body("{}")), 400, "idempotency-key-reused", [no, no, no]);
    let slow = post("/slow?ms=60000").key(KEY);
    let running = target.begin(&slow);
    check(&target.send(&slow), 409, "request-in-progress", [yes, yes, no]);
    drop(running);
    for status in [500, 409] {
        check(&target.send(&post("/panic").key(KEY)), status, "outcome-unknown", [no, yes, no]);
    }
    let long = post("/empty").key(KEY).body(vec![b' '; 1001]);
    check(&target.send(&long), 413, "body-too-large", [no, no, yes]);
    let twice = post("/canonical").key(KEY).body(r#"{"a":1,"a":1}"#);
    check(&target.send(&twice), 400, "fingerprint-invalid", [no, no, yes]);
}
