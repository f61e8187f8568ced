//! What an extractor refuses before the handler.

use super::start;
use crate::support::post;

#[test]
fn a_malformed_body_claims_no_key() {
    let target = start(&[]);
    let request = post("/pay").key("k");
    for malformed in ["{", "", "[1]", "7", "{\"a\":}", "{} x"] {
        let refused = target.send(&request.clone().body(malformed));
        assert_eq!((refused.status, refused.is_replay()), (400, false), "{malformed}");
    }
    assert_eq!(target.send(&request.clone().content_type("text/plain")).status, 415);
    assert_eq!(target.total(), 0);
    let mended = target.send(&request);
    assert_eq!((mended.status, mended.is_replay()), (201, false));
    assert!(target.send(&request).is_replay());
}
