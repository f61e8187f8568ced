//! The stored form of a response: bytes, never text, so that a replay is byte for byte the first answer.
//!
//! Format 1: the tag, the status, the number of header lines, each line's name and value after their lengths, and the
//! body to the end. Numbers are big-endian.

use bytes::{Buf, BufMut, Bytes};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::fields;
use crate::refused::Unavailable;
use crate::reply::{Format, Reply};

/// A stored reply, read.
#[derive(Debug)]
pub(crate) enum Stored {
    /// The response.
    Response(Response<Bytes>),
    /// There is none to give.
    Tombstone(Unavailable),
}

/// The reply of `response`, without the fields that are never stored: for an operator's
/// [`Verdict::Happened`](crate::protocol::Verdict::Happened).
///
/// ```
/// let response = http::Response::builder().status(201).header("location", "/payments/7").body("{}").unwrap();
/// let reply = idem_core::http::reply(&response);
/// assert!(!reply.as_bytes().is_empty());
/// ```
pub fn reply<B: AsRef<[u8]>>(response: &Response<B>) -> Reply {
    encode(response.status(), response.headers(), response.body().as_ref())
}

/// The stored form of a response.
pub(crate) fn encode(status: StatusCode, headers: &http::HeaderMap, body: &[u8]) -> Reply {
    Reply::written(|bytes| {
        bytes.push(Format::Http as u8);
        bytes.put_u16(status.as_u16());
        let count_at = bytes.len();
        bytes.put_u16(0);
        let mut count = 0_u16;
        for (name, value) in fields::stored(headers) {
            // More lines, or longer ones, than these fit into no HTTP message.
            let (Ok(name_len), Ok(value_len)) =
                (u16::try_from(name.as_str().len()), u32::try_from(value.len()))
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
        bytes.put_slice(body);
    })
}

impl Stored {
    /// Reads a reply without copying its body. Anything that this version did not write is unreadable, never guessed.
    pub(crate) fn read(reply: &Reply) -> Self {
        if let Some(why) = reply.why_unavailable() {
            return Self::Tombstone(why);
        }
        match Self::response(Bytes::from_owner(reply.clone())) {
            Some(response) => Self::Response(response),
            None => Self::Tombstone(Unavailable::Unreadable),
        }
    }

    fn response(mut bytes: Bytes) -> Option<Response<Bytes>> {
        if bytes.try_get_u8().ok()? != Format::Http as u8 {
            return None;
        }
        let status = StatusCode::from_u16(bytes.try_get_u16().ok()?).ok()?;
        let lines = bytes.try_get_u16().ok()?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        for _ in 0..lines {
            let name_len = bytes.try_get_u16().ok()?;
            let name = take(&mut bytes, name_len.into())?;
            let value_len = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
            let value = take(&mut bytes, value_len)?;
            let name = HeaderName::from_bytes(&name).ok()?;
            response.headers_mut().append(name, HeaderValue::from_maybe_shared(value).ok()?);
        }
        *response.body_mut() = bytes;
        Some(response)
    }
}

fn take(bytes: &mut Bytes, len: usize) -> Option<Bytes> {
    (len <= bytes.len()).then(|| bytes.split_to(len))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            .header("ratelimit-policy", "\"p\";q=1")
            .header("access-control-allow-origin", "*")
            .body(Bytes::from(body))
            .unwrap()
    }

    #[test]
    fn what_belongs_to_the_operation_comes_back_and_nothing_else() {
        let response = sample();
        let Stored::Response(again) = Stored::read(&reply(&response)) else { panic!("unreadable") };
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

    #[test]
    fn damaged_bytes_are_unreadable_and_never_panic() {
        let whole = reply(&sample());
        let head = whole.as_bytes().len() - 256;
        for cut in 0..head {
            let damaged = Reply::from(whole.as_bytes()[..cut].to_vec());
            assert!(
                matches!(Stored::read(&damaged), Stored::Tombstone(Unavailable::Unreadable)),
                "cut at {cut}"
            );
        }
        let mut newer = whole.as_bytes().to_vec();
        newer[0] = 99;
        assert!(matches!(Stored::read(&Reply::from(newer)), Stored::Tombstone(Unavailable::Unreadable)));
        assert!(matches!(
            Stored::read(&Reply::tombstone(Unavailable::TooLarge)),
            Stored::Tombstone(Unavailable::TooLarge)
        ));
    }
}
