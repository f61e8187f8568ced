//! The stored form of a response: bytes, never text, so that a replay is byte for byte the first answer.
//!
//! Format 1: the tag, the status, the header lines, and the body to the end. Format 4, for a response with trailers: the
//! tag, the status, the header lines, the trailer lines, and the body to the end. Lines are their number, and each one's
//! name and value after their lengths. Numbers are big-endian. A process of the version before refuses format 4.

use bytes::BufMut;
use http::header::TRAILER;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::fields;
use crate::reply::{Format, Reply};

/// The reply of `response`, without the fields that are never stored: for an operator's
/// [`Verdict::Happened`](crate::protocol::Verdict::Happened).
///
/// ```
/// let response = http::Response::builder().status(201).header("location", "/payments/7").body("{}").unwrap();
/// let reply = idem_core::response::reply(&response);
/// assert!(!reply.as_bytes().is_empty());
/// ```
pub fn reply<B: AsRef<[u8]>>(response: &Response<B>) -> Reply {
    encode(response.status(), response.headers(), response.body().as_ref(), None)
}

/// The stored form of a response.
pub(crate) fn encode(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    trailers: Option<&HeaderMap>,
) -> Reply {
    Reply::written(|bytes| {
        bytes.push(if trailers.is_some() { Format::HttpTrailers } else { Format::Http } as u8);
        bytes.put_u16(status.as_u16());
        match trailers {
            None => put_lines(bytes, fields::stored(headers)),
            Some(trailers) => {
                // Without the field that announces them, HTTP/1.1 sends no trailers (RFC 9110 §6.6.2).
                let announced = headers.get_all(TRAILER).iter().map(|value| (&TRAILER, value));
                put_lines(bytes, fields::stored(headers).chain(announced));
                put_lines(bytes, fields::stored(trailers));
            }
        }
        bytes.put_slice(body);
    })
}

fn put_lines<'h>(bytes: &mut Vec<u8>, lines: impl Iterator<Item = (&'h HeaderName, &'h HeaderValue)>) {
    let count_at = bytes.len();
    bytes.put_u16(0);
    let mut count = 0_u16;
    for (name, value) in lines {
        // More lines, or longer ones, than these fit into no HTTP message.
        let (Ok(name_len), Ok(value_len)) = (u16::try_from(name.as_str().len()), u32::try_from(value.len()))
        else {
            continue;
        };
        let Some(next) = count.checked_add(1) else { break };
        count = next;
        bytes.put_u16(name_len);
        bytes.put_slice(name.as_str().as_bytes());
        bytes.put_u32(value_len);
        bytes.put_slice(value.as_bytes());
    }
    if let Some(slot) = bytes.get_mut(count_at..count_at + 2) {
        slot.copy_from_slice(&count.to_be_bytes());
    }
}

#[cfg(all(test, feature = "tower"))]
mod tests {
    use bytes::Bytes;

    use super::super::replayed::Stored;
    use super::*;
    use crate::refused::UnavailableResult;

    fn sample() -> Response<Bytes> {
        let body: Vec<u8> = (0..=255).collect();
        Response::builder()
            .status(201)
            .header("location", "/payments/7")
            .header("link", "</a>; rel=\"x\"")
            .header("link", "</b>; rel=\"y\"")
            .header("x-obs", HeaderValue::from_bytes(&[0xE9]).unwrap())
            .header("set-cookie", "s=1")
            .header("connection", "close, X-Hop")
            .header("x-hop", "1")
            .header("trailer", "grpc-status")
            .header("ratelimit-policy", "\"p\";q=1")
            .header("access-control-allow-origin", "*")
            .body(Bytes::from(body))
            .unwrap()
    }

    #[test]
    fn what_belongs_to_the_operation_comes_back_and_nothing_else() {
        let response = sample();
        let Stored::Response(again, None) = Stored::read(&reply(&response)) else { panic!("unreadable") };
        assert_eq!(again.status(), 201);
        assert_eq!(again.body(), response.body());
        let lines: Vec<_> = again.headers().iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
        let expected: Vec<(&str, &[u8])> = vec![
            ("location", b"/payments/7"),
            ("link", b"</a>; rel=\"x\""),
            ("link", b"</b>; rel=\"y\""),
            ("x-obs", &[0xE9]),
        ];
        assert_eq!(lines, expected);
    }

    /// The version before reads format 1 only, so nothing else is in another one.
    #[test]
    fn trailers_come_back_in_a_format_of_their_own() {
        let (response, mut trailers) = (sample(), HeaderMap::new());
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("set-cookie", HeaderValue::from_static("s=1"));
        let (parts, body) = response.into_parts();
        let stored = encode(parts.status, &parts.headers, &body, Some(&trailers));
        assert_eq!(stored.as_bytes()[0], 4);
        assert_eq!(encode(parts.status, &parts.headers, &body, None).as_bytes()[0], 1);
        let Stored::Response(again, Some(lines)) = Stored::read(&stored) else { panic!("unreadable") };
        assert_eq!((again.status(), again.body(), again.headers().len()), (parts.status, &body, 5));
        assert_eq!(again.headers()["trailer"], "grpc-status", "or HTTP/1.1 would not send them");
        assert_eq!((lines.len(), &lines["grpc-status"]), (1, &HeaderValue::from_static("0")));
    }

    #[test]
    fn damaged_bytes_are_unreadable_and_never_panic() {
        let whole = reply(&sample());
        let head = whole.as_bytes().len() - 256;
        for cut in 0..head {
            let damaged = Reply::from(whole.as_bytes()[..cut].to_vec());
            assert!(
                matches!(Stored::read(&damaged), Stored::Tombstone(UnavailableResult::Unreadable)),
                "cut at {cut}"
            );
        }
        let mut newer = whole.as_bytes().to_vec();
        newer[0] = 99;
        assert!(matches!(
            Stored::read(&Reply::from(newer)),
            Stored::Tombstone(UnavailableResult::Unreadable)
        ));
        assert!(matches!(
            Stored::read(&Reply::tombstone(UnavailableResult::TooLarge)),
            Stored::Tombstone(UnavailableResult::TooLarge)
        ));
    }
}
