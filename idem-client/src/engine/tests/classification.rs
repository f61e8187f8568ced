//! The table of [`classify`](crate::engine::classify), row by row.

use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, StatusCode};

use crate::engine::{Answer, Ending, Reached, Refresh, Rejection, Repeat, Verdict, classify};

const REFUSED: Verdict = Verdict::Final(Ending::Rejected(Rejection::Refused));
const FAILED: Verdict = Verdict::Final(Ending::Rejected(Rejection::Failed));
const IN_PROGRESS: Verdict = Verdict::InProgress { hint: None };
const DOUBT: Verdict = Verdict::Again { hint: None, reached: Reached::InDoubt };
const AWAY: Verdict = Verdict::Again { hint: None, reached: Reached::TurnedAway };

fn verdict(repeat: Repeat, status: u16, lines: &[(&'static str, &'static str)], body: &str) -> Verdict {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    let status = StatusCode::from_u16(status).unwrap();
    let answer =
        Answer { status, headers: &headers, body: body.as_bytes(), received_at: SystemTime::UNIX_EPOCH };
    classify(&answer, repeat)
}

fn plain(status: u16) -> Verdict {
    verdict(Repeat::Keyed, status, &[], "")
}

fn coded(status: u16, code: &str) -> Verdict {
    verdict(Repeat::Keyed, status, &[], &format!(r#"{{"code":"{code}"}}"#))
}

#[test]
fn plain_statuses() {
    for status in [200, 201, 202, 204, 301, 303, 304, 307] {
        assert_eq!(plain(status), Verdict::Final(Ending::Completed), "{status}");
    }
    for status in [500, 502, 503, 504, 520, 599, 408] {
        assert_eq!(plain(status), DOUBT, "{status}");
    }
    for status in [425, 429] {
        assert_eq!(plain(status), AWAY, "{status}");
    }
    for status in [400, 402, 404, 405, 409, 410, 412, 413, 415, 422, 423, 451] {
        assert_eq!(plain(status), REFUSED, "{status}");
    }
    assert_eq!(plain(401), Verdict::Denied(Refresh::Worthwhile));
    for status in [403, 407, 421] {
        assert_eq!(plain(status), Verdict::Denied(Refresh::Pointless), "{status}");
    }
}

/// reqwest-retry 0.9 retries 501.
#[test]
fn what_the_server_does_not_support_is_not_retried() {
    assert_eq!((plain(501), plain(505)), (REFUSED, REFUSED));
}

/// The Stripe SDKs retry every 409 blindly, reqwest-retry none.
#[test]
fn in_progress_is_told_from_a_business_conflict() {
    assert_eq!(coded(409, "request-in-progress"), IN_PROGRESS);
    assert_eq!(coded(423, "request-in-progress"), IN_PROGRESS);
    assert_eq!(coded(409, "insufficient-stock"), REFUSED);
    assert_eq!(coded(422, "request-in-progress"), REFUSED);
    assert_eq!(verdict(Repeat::Idempotent, 409, &[], r#"{"code":"request-in-progress"}"#), REFUSED);
}

#[test]
fn codes_about_the_key() {
    for status in [400, 409, 422] {
        assert_eq!(coded(status, "idempotency-key-reused"), Verdict::Final(Ending::KeyMismatch));
    }
    assert_eq!(coded(409, "outcome-unknown"), Verdict::Final(Ending::Unknown));
    assert_eq!(coded(500, "outcome-unknown"), Verdict::Final(Ending::Unknown));
    assert_eq!(coded(503, "outcome-unknown"), DOUBT);
    assert_eq!(
        coded(409, "result-unavailable"),
        Verdict::Final(Ending::Rejected(Rejection::ResultUnavailable))
    );
    for status in [409, 410, 412] {
        assert_eq!(coded(status, "key-expired"), Verdict::Final(Ending::Expired));
    }
    assert_eq!(coded(503, "store-unavailable"), DOUBT);
    assert_eq!(coded(429, "capacity-exceeded"), AWAY);
    assert_eq!(coded(400, "idempotency-key-invalid"), REFUSED);
}

#[test]
fn the_servers_verdict_beats_the_status() {
    for name in ["stripe-should-retry", "x-should-retry"] {
        let told = |status, value| verdict(Repeat::Keyed, status, &[(name, value)], "");
        assert_eq!(told(503, "false"), FAILED);
        assert_eq!(told(429, "FALSE"), FAILED);
        assert_eq!(told(404, "false"), REFUSED);
        // async-stripe ignores `true` on other 4xx.
        assert_eq!(told(404, "true"), DOUBT);
        assert_eq!(told(409, "true"), DOUBT);
        assert_eq!(told(503, "maybe"), DOUBT);
        assert_eq!(told(200, "true"), Verdict::Final(Ending::Completed));
    }
}

#[test]
fn a_verdict_of_no_leaves_what_is_running_running() {
    let body = r#"{"error":{"code":"idempotency_key_in_use"}}"#;
    let lines = &[("stripe-should-retry", "false")];
    assert_eq!(verdict(Repeat::Keyed, 409, lines, body), Verdict::Final(Ending::InProgress));
    assert_eq!(verdict(Repeat::Keyed, 409, &[], body), IN_PROGRESS);
    let body = r#"{"code":"outcome-unknown"}"#;
    assert_eq!(verdict(Repeat::Keyed, 503, lines, body), Verdict::Final(Ending::Unknown));
}

/// No SDK read stops on a replayed 5xx except through Stripe's own header.
#[test]
fn a_replayed_failure_ends_it() {
    let replayed = [("idempotent-replayed", "true"), ("x-should-retry", "true")];
    assert_eq!(verdict(Repeat::Keyed, 500, &replayed, ""), FAILED);
    assert_eq!(verdict(Repeat::Keyed, 409, &replayed, r#"{"code":"request-in-progress"}"#), REFUSED);
    assert_eq!(verdict(Repeat::Keyed, 500, &[("idempotent-replayed", "false")], ""), DOUBT);
}
