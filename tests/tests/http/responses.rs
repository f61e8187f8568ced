//! Answers that cannot be kept.

use super::start;
use crate::support::{End, post};

fn unavailable() -> (u16, String) {
    (409, "result-unavailable".to_owned())
}

#[test]
fn an_answer_beyond_the_limit_reaches_its_caller_whole_and_is_never_made_again() {
    let target = start(&["--max-response-bytes", "1000"]);
    for (path, length) in [
        ("/large?bytes=1001", 1001),
        ("/large?bytes=300000", 300_000),
        ("/stream?chunks=50&size=1000", 50_000),
    ] {
        let key = format!("k{length}");
        let request = post(path).key(&key);
        let first = target.send(&request);
        assert_eq!((first.status, first.body.len(), first.end), (200, length, End::Whole), "{path}");
        for _ in 0..2 {
            assert_eq!(target.send(&request).refusal(), unavailable(), "{path}");
        }
        assert_eq!(target.runs(&key), 1, "{path}");
    }
}

#[test]
fn an_answer_of_exactly_the_limit_is_kept() {
    let target = start(&["--max-response-bytes", "1000"]);
    for path in ["/large?bytes=1000", "/stream?chunks=10&size=100"] {
        let request = post(path).key("k");
        target.send(&request);
        let again = target.send(&request);
        assert!(again.is_replay(), "{path}");
        assert_eq!(again.body.len(), 1000, "{path}");
    }
    assert_eq!(target.runs("k"), 2, "two routes, two operations");
}

#[test]
fn a_stream_that_breaks_off_is_not_replayed_as_if_it_were_whole() {
    let target = start(&[]);
    let request = post("/stream?chunks=5&size=1000&fail_at=3").key("k");
    let first = target.send(&request);
    assert_eq!(
        (first.status, first.end),
        (200, End::Cut),
        "its caller gets what there is, and sees that it broke"
    );
    for _ in 0..2 {
        assert_eq!(target.send(&request).refusal(), unavailable());
    }
    assert_eq!(target.runs("k"), 1);
}

#[test]
fn a_stream_that_breaks_beyond_the_limit_reaches_its_caller_up_to_the_break() {
    let target = start(&["--max-response-bytes", "1000"]);
    let request = post("/stream?chunks=50&size=1000&fail_at=41").key("k");
    let first = target.send(&request);
    assert_eq!((first.status, first.end), (200, End::Cut));
    assert_eq!(target.send(&request).refusal(), unavailable());
    assert_eq!(target.runs("k"), 1);
}
