//! What becomes of the key for each status.

use super::start;
use crate::support::{Target, post};

const RELEASED: [u16; 11] = [307, 308, 401, 403, 407, 408, 412, 421, 425, 428, 429];
const FINAL: [u16; 19] =
    [200, 201, 202, 204, 301, 302, 303, 304, 400, 402, 404, 405, 409, 410, 418, 422, 423, 426, 451];
const FAILURE: [u16; 5] = [500, 501, 502, 503, 504];

/// Sends the same request twice: the statuses, and whether the second one was a replay or a second run.
#[track_caller]
fn stored(target: &Target, code: u16) {
    let key = format!("stored-{code}");
    let request = post(&format!("/status/{code}")).key(&key);
    let (first, again) = (target.send(&request), target.send(&request));
    assert_eq!((first.status, again.status), (code, code));
    assert_eq!((first.is_replay(), again.is_replay()), (false, true), "{code}");
    assert_eq!(again.essence(), first.essence());
    assert_eq!(target.runs(&key), 1, "{code}");
}

#[track_caller]
fn released(target: &Target, code: u16) {
    let key = format!("released-{code}");
    let request = post(&format!("/status/{code}")).key(&key);
    let (first, again) = (target.send(&request), target.send(&request));
    assert_eq!((first.status, again.status), (code, code));
    assert_eq!((first.is_replay(), again.is_replay()), (false, false), "{code}");
    assert_ne!(first.body, again.body, "{code}: another run");
    assert_eq!(target.runs(&key), 2, "{code}");
}

#[test]
fn answers_are_stored_transient_refusals_and_failures_released() {
    let target = start(&[]);
    for code in FINAL {
        stored(&target, code);
    }
    for code in RELEASED.into_iter().chain(FAILURE) {
        released(&target, code);
    }
}

#[test]
fn with_on_error_store_a_failure_is_the_answer() {
    let target = start(&["--on-error", "store"]);
    for code in FAILURE.into_iter().chain([200, 404]) {
        stored(&target, code);
    }
    for code in RELEASED {
        released(&target, code);
    }
}

#[test]
fn with_on_error_unknown_a_failure_never_runs_again() {
    let target = start(&["--on-error", "unknown"]);
    for code in FAILURE {
        let key = format!("unknown-{code}");
        let request = post(&format!("/status/{code}")).key(&key);
        assert_eq!(target.send(&request).status, code, "the first caller hears what the handler says");
        for _ in 0..2 {
            assert_eq!(target.send(&request).refusal(), (409, "outcome-unknown".to_owned()), "{code}");
        }
        assert_eq!(target.runs(&key), 1, "{code}");
    }
    stored(&target, 404);
    released(&target, 429);
}
