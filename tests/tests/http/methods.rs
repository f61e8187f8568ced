//! Which methods are protected.

use super::start;
use crate::support::{post, request};

#[test]
fn get_and_delete_without_idem_run_each_time_also_with_a_used_key() {
    let target = start(&[]);
    target.send(&post("/pay").key("k"));
    for method in ["GET", "DELETE"] {
        for run in 1..=2 {
            let reply = target.send(&request(method, "/pay").key("k"));
            assert_eq!((reply.status, reply.json()["run"].as_u64()), (200, Some(run)), "{method}");
            assert!(!reply.is_replay());
        }
    }
}

#[test]
fn put_patch_and_post_on_one_path_are_three_operations() {
    let target = start(&[]);
    for (method, status) in [("POST", 201), ("PUT", 200), ("PATCH", 200)] {
        let request = request(method, "/pay").key("k");
        let first = target.send(&request);
        assert_eq!((first.status, first.is_replay()), (status, false), "{method}");
        assert!(target.send(&request).is_replay(), "{method}");
    }
    assert_eq!(target.runs("k"), 3);
}

#[test]
fn head_passes_through_without_a_key_or_a_record() {
    let target = start(&[]);
    for _ in 0..2 {
        let reply = target.send(&request("HEAD", "/pay").key("k").body(""));
        assert_eq!((reply.status, reply.is_replay()), (200, false));
        assert!(reply.body.is_empty());
    }
    assert_eq!(target.send(&post("/pay").key("k")).status, 201);
}

#[test]
fn a_preflight_needs_no_key_and_no_account() {
    let target = start(&[]);
    let preflight = request("OPTIONS", "/pay")
        .without("x-account")
        .header("origin", "https://shop.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "idempotency-key")
        .body("");
    let reply = target.send(&preflight);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.one("access-control-allow-origin"), Some("*"));
    assert_eq!(target.total(), 0);
}
