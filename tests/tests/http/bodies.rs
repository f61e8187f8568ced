//! Request bodies that are not what they should be.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::start;
use crate::support::{post, until};

#[test]
fn a_bad_parameter_claims_no_key() {
    let target = start(&[]);
    for bad in ["/slow", "/slow?ms=x", "/status/abc", "/status/101", "/large?bytes=-1"] {
        assert_eq!(target.send(&post(bad).key("k")).status, 400, "{bad}");
    }
    assert_eq!(target.total(), 0);
}

#[test]
fn a_body_beyond_the_limit_is_refused_and_claims_no_key() {
    let target = start(&["--max-request-bytes", "100"]);
    let body = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
    let too_large = (413, "body-too-large".to_owned());
    // Read by an extractor, and not read at all.
    for path in ["/pay", "/empty"] {
        assert_eq!(target.send(&post(path).key("k").body(body(101))).refusal(), too_large, "{path}");
        assert_eq!(target.total(), 0);
    }
    for path in ["/pay", "/empty"] {
        let request = post(path).key("k").body(body(100));
        assert!(target.send(&request).status < 300, "{path}: the same key is free");
        assert!(target.send(&request).is_replay(), "{path}");
    }
}

#[test]
fn a_body_that_breaks_off_claims_no_key() {
    let target = start(&[]);
    // Two handlers: one reads its body, the other leaves that to idem.
    for path in ["/pay", "/empty"] {
        let mut connection = TcpStream::connect(target.address()).expect("the target accepts");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: t\r\nx-account: ada\r\nidempotency-key: k\r\n\
             content-type: application/json\r\ncontent-length: 12\r\n\r\n{{\"am"
        );
        connection.write_all(head.as_bytes()).expect("it takes the head");
        connection.shutdown(std::net::Shutdown::Write).expect("we stop sending");
        let mut said = Vec::new();
        // It answers 400 or just closes.
        drop(connection.read_to_end(&mut said));
        assert!(!said.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&said));
        let whole = until("the key is free", || Some(target.send(&post(path).key("k"))));
        assert!(whole.status < 300 && !whole.is_replay(), "{path}: {whole:?}");
    }
    assert_eq!(target.total(), 2);
}
