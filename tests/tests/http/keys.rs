//! The forms of a key.

use super::start;
use crate::support::post;

#[test]
fn quoted_bare_and_parametrised_keys_are_one_key() {
    let target = start(&[]);
    assert_eq!(target.send(&post("/pay").key("order-17")).status, 201);
    for form in ["\"order-17\"", "\"order-17\";a=1", "\"order-17\"; b=\"x;y\"; c", " order-17 "] {
        assert!(target.send(&post("/pay").key(form)).is_replay(), "{form}");
    }
    assert_eq!(target.runs("order-17"), 1);
}

#[test]
fn the_longest_key_works_and_a_byte_more_does_not() {
    let target = start(&[]);
    let longest = "k".repeat(255);
    assert_eq!(target.send(&post("/pay").key(&longest)).status, 201);
    assert!(target.send(&post("/pay").key(&longest)).is_replay());
    assert_eq!(target.send(&post("/pay").key(&"k".repeat(256))).refusal(), invalid());
}

fn invalid() -> (u16, String) {
    (400, "idempotency-key-invalid".to_owned())
}

#[test]
fn a_malformed_key_is_refused_before_anything_runs_and_never_echoed() {
    let target = start(&[]);
    let secret = "SECRET";
    let long = secret.repeat(50);
    let malformed: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"\"\"".to_vec(),
        long.into_bytes(),
        format!("{secret} b").into_bytes(),
        format!("\"{secret} b\"").into_bytes(),
        format!("{secret}\t").into_bytes().into_iter().chain(*b"x").collect(),
        format!("\"{secret}").into_bytes(),
        format!("\"{secret}\"x").into_bytes(),
        format!("\"{secret}\\x\"").into_bytes(),
        format!("\"{secret}\", \"{secret}\"").into_bytes(),
        format!("\"{secret}\";A=1").into_bytes(),
        [secret.as_bytes(), &[0xC3, 0xBC]].concat(),
        [secret.as_bytes(), &[0xE9]].concat(),
    ];
    for key in malformed {
        let refused = target.send(&post("/pay").header("idempotency-key", &key));
        assert_eq!(refused.refusal(), invalid(), "{key:?}");
        assert!(!String::from_utf8_lossy(&refused.body).contains(secret), "{refused:?}");
    }
    assert_eq!(target.total(), 0);
}

#[test]
fn control_bytes_never_reach_a_key() {
    let target = start(&[]);
    for control in [0x00, 0x01, 0x1F, 0x7F] {
        let refused = target.send(&post("/pay").header("idempotency-key", [b'k', control]));
        // The HTTP parser refuses most of them before idem sees a request.
        assert_eq!(refused.status, 400, "{control:#x}");
    }
    assert_eq!(target.total(), 0);
}

#[test]
fn two_key_lines_are_refused_even_if_they_agree() {
    let target = start(&[]);
    for second in ["k", "l"] {
        assert_eq!(target.send(&post("/pay").key("k").key(second)).refusal(), invalid());
    }
    assert_eq!(target.total(), 0);
}

#[test]
fn key_lines_that_a_gateway_joined_are_refused_with_the_reason() {
    let target = start(&[]);
    assert_eq!(target.send(&post("/pay").key("k")).status, 201);
    for joined in ["k,k", "k, k", "k,l", "\"k\", \"k\"", "\"k\",k", "k,"] {
        let refused = target.send(&post("/pay").key(joined));
        assert_eq!(refused.refusal(), invalid(), "{joined}");
        assert!(String::from_utf8_lossy(&refused.body).contains("joined by a comma"), "{refused:?}");
    }
    assert_eq!(target.send(&post("/pay").key("\"k,k\"")).status, 201, "a quoted comma is part of the key");
    assert_eq!((target.runs("k"), target.total()), (1, 2));
}

#[test]
fn a_missing_key_is_refused_unless_the_route_says_that_it_is_optional() {
    let target = start(&[]);
    let missing = (400, "idempotency-key-missing".to_owned());
    assert_eq!(target.send(&post("/pay")).refusal(), missing);
    assert_eq!(target.total(), 0);
    for run in 1..=2 {
        let unprotected = target.send(&post("/optional"));
        assert_eq!((unprotected.status, unprotected.json()["run"].as_u64()), (201, Some(run)));
        assert!(!unprotected.is_replay());
    }
    assert_eq!(target.send(&post("/optional").key("k")).json()["run"], 3);
    assert!(target.send(&post("/optional").key("k")).is_replay());
    assert_eq!(target.send(&post("/optional").key("a b")).refusal(), invalid(), "optional is not lenient");
}
