//! What stands around idem acts on a replay as on a first answer.

use std::io::Read;

use super::start;
use crate::support::post;

#[test]
fn every_message_has_a_request_id_of_its_own() {
    let target = start(&[]);
    let request = post("/pay").key("k");
    let mut ids: Vec<_> =
        (0..3).map(|_| target.send(&request).one("x-request-id").map(str::to_owned)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(Option::is_some));
}

#[test]
fn scripts_of_other_origins_can_read_the_mark_of_a_replay() {
    let target = start(&[]);
    let request = post("/pay").key("k").header("origin", "https://shop.example");
    for replay in [false, true] {
        let reply = target.send(&request);
        assert_eq!(reply.is_replay(), replay);
        assert_eq!(reply.one("access-control-allow-origin"), Some("*"));
        let exposed = reply.one("access-control-expose-headers").expect("exposed headers");
        assert!(exposed.split(',').any(|name| name.trim() == "idempotent-replayed"), "{exposed}");
    }
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).expect("gzip");
    plain
}

#[test]
fn a_replay_is_compressed_as_its_own_caller_asks() {
    let target = start(&[]);
    for (key, first_zipped) in [("a", false), ("b", true)] {
        let plain = post("/large?bytes=5000").key(key);
        let zipped = plain.clone().header("accept-encoding", "gzip");
        let first = target.send(if first_zipped { &zipped } else { &plain });
        assert!(!first.is_replay());
        let (as_gzip, as_is) = (target.send(&zipped), target.send(&plain));
        assert!(as_gzip.is_replay() && as_is.is_replay());
        assert_eq!(as_gzip.one("content-encoding"), Some("gzip"));
        assert_eq!(as_is.one("content-encoding"), None);
        assert_eq!(unzipped(&as_gzip.body), vec![b'x'; 5000]);
        assert_eq!(as_is.body, vec![b'x'; 5000]);
        assert_eq!(target.runs(key), 1);
    }
}

#[tokio::test]
async fn clear_text_http2_shares_the_port_and_the_records() {
    let target = start(&[]);
    let http2 = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    let send = || {
        let request = http2.post(format!("http://{}/pay", target.address())).header("x-account", "ada");
        request
            .header("idempotency-key", "k")
            .header("content-type", "application/json")
            .body(r#"{"amount":7}"#)
    };
    let first = send().send().await.expect("an answer");
    assert_eq!((first.version(), first.status().as_u16()), (reqwest::Version::HTTP_2, 201));
    assert!(first.headers().get("idempotent-replayed").is_none());
    let body = first.bytes().await.expect("a body");
    let again = send().send().await.expect("an answer");
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.bytes().await.expect("a body"), body);
    let over_http1 = target.send(&post("/pay").key("k"));
    assert!(over_http1.is_replay());
    assert_eq!(over_http1.body, body);
    assert_eq!(target.runs("k"), 1);
}
