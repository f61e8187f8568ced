//! A retry gets the first answer.

use super::start;
use crate::support::{Reply, Request, post, request};

/// Every route that answers by itself, with the status of its run.
fn routes() -> Vec<(Request, u16)> {
    vec![
        (post("/pay"), 201),
        (request("PATCH", "/pay"), 200),
        (request("PUT", "/pay"), 200),
        (post("/refund"), 201),
        (post("/a/7/pay"), 201),
        (post("/optional"), 201),
        (post("/canonical"), 201),
        (post("/status/200"), 200),
        (post("/status/404"), 404),
        (post("/slow?ms=1"), 201),
        (post("/wait?ms=1"), 201),
        (post("/bytes"), 200),
        (post("/empty"), 204),
        (post("/see-other"), 303),
        (post("/large?bytes=70000"), 200),
        (post("/stream?chunks=5&size=1000"), 200),
        // No content type and no body at all.
        (post("/empty").without("content-type").body(""), 204),
    ]
}

#[test]
fn a_retry_gets_the_first_answer_line_by_line_and_byte_by_byte_on_every_route() {
    let target = start(&[]);
    for (number, (request, status)) in routes().into_iter().enumerate() {
        let key = format!("k{number}");
        let request = request.key(&key);
        let first = target.send(&request);
        assert_eq!((first.status, first.is_replay()), (status, false), "{request:?}");
        for _ in 0..2 {
            let again = target.send(&request);
            assert!(again.is_replay(), "{request:?} got {again:?}");
            assert_eq!(again.essence(), first.essence(), "{request:?}");
        }
        assert_eq!(target.runs(&key), 1, "{request:?}");
    }
}

#[test]
fn a_run_says_what_the_route_table_promises() {
    let target = start(&[]);
    let body = r#"{ "amount": 1.0, "id": 9007199254740993 }"#;
    for number in 1..=2 {
        let paid = target.send(&post("/pay").key(&format!("k{number}")).body(body));
        assert_eq!(paid.one("location"), Some(format!("/payments/{number}").as_str()));
        let expected = format!(r#"{{"run":{number},"account":"ada","body":{body}}}"#);
        assert_eq!(String::from_utf8_lossy(&paid.body), expected);
    }
    let bytes = target.send(&post("/bytes").key("k"));
    assert_eq!(bytes.one("content-type"), Some("application/octet-stream"));
    assert_eq!(bytes.body, (0..=255).collect::<Vec<u8>>());
    assert_eq!(target.send(&post("/see-other").key("k")).one("location"), Some("/payments/1"));
    assert_eq!(target.send(&post("/large?bytes=70000").key("k")).body, vec![b'x'; 70_000]);
    assert_eq!(target.send(&post("/stream?chunks=5&size=10").key("k")).body, vec![b'x'; 50]);
    assert!(target.send(&post("/empty").key("k")).body.is_empty());
    for absent in ["/tx?amount=1", "/checkout"] {
        assert_eq!(target.send(&post(absent).key("k")).status, 404, "{absent}");
    }
}

fn value(reply: &Reply, name: &str) -> Vec<Vec<u8>> {
    reply.all(name).into_iter().map(<[u8]>::to_vec).collect()
}

#[test]
fn a_replay_keeps_repeated_lines_commas_and_bytes_that_are_no_text() {
    let target = start(&[]);
    let request = post("/headers").key("k");
    let first = target.send(&request);
    let again = target.send(&request);
    for reply in [&first, &again] {
        assert_eq!(value(reply, "link"), [b"</a>; rel=\"x\"", b"</b>; rel=\"y\""]);
        assert_eq!(value(reply, "x-list"), [b"a, b"]);
        assert_eq!(value(reply, "x-obs"), [[0xE9]]);
        assert_eq!(value(reply, "etag"), [b"\"e1\""]);
        assert_eq!(reply.body, br#"{"run":1}"#);
    }
    let kept = ["content-type", "link", "x-list", "etag", "x-obs"];
    let order = |reply: &Reply| -> Vec<String> {
        reply
            .lines
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| kept.contains(&name.as_str()))
            .collect()
    };
    assert_eq!(order(&again), order(&first));
}

#[test]
fn cookies_challenges_hop_by_hop_and_momentary_lines_are_never_replayed() {
    let target = start(&[]);
    let request = post("/headers").key("k");
    let first = target.send(&request);
    let again = target.send(&request);
    for name in ["set-cookie", "www-authenticate", "connection", "x-hop", "retry-after"] {
        assert_eq!(first.all(name).len(), 1, "the first answer has {name}");
        assert!(again.all(name).is_empty(), "a replay has {name}");
    }
}

#[test]
fn the_mark_is_on_replays_and_on_nothing_else() {
    let target = start(&[]);
    assert!(!target.send(&post("/pay").key("k")).is_replay());
    assert!(target.send(&post("/pay").key("k")).is_replay());
    assert!(!target.send(&post("/pay").key("k").body("{}")).is_replay(), "a refusal is no replay");
    assert!(!target.send(&post("/pay")).is_replay());
    assert!(!target.send(&request("GET", "/pay").key("k")).is_replay());
    for _ in 0..2 {
        assert!(!target.send(&post("/status/503").key("k")).is_replay(), "a released key runs again");
    }
}

#[test]
fn credentials_and_user_agent_may_change_between_attempts() {
    let target = start(&[]);
    let request = post("/pay").key("k");
    target.send(&request.clone().header("authorization", "Bearer one").header("user-agent", "a/1"));
    assert!(
        target.send(&request.header("authorization", "Bearer two").header("user-agent", "a/2")).is_replay()
    );
    assert_eq!(target.runs("k"), 1);
}
