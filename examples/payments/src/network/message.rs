//! Where an HTTP/1.1 message ends (RFC 9112 §2, §6).
//!
//! Enough for what the two sides here say to each other: messages whose length `Content-Length` tells. A reply without
//! one, and a `Transfer-Encoding`, are errors; replies to `HEAD` are not understood.

use std::io::{Error, ErrorKind};

/// The longest message, in bytes.
const MOST: usize = 1024 * 1024;
/// The most header lines.
const LINES: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Reply,
}

/// What the bytes so far hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measured {
    /// No whole head yet.
    Unknown,
    /// A message of this many bytes, head and body; the bytes so far may be fewer or more.
    Length(usize),
}

/// Measures the first message in `bytes`.
///
/// # Errors
/// [`ErrorKind::InvalidData`] if it is not a message of this kind, or none whose end is told.
pub(crate) fn measure(kind: Kind, bytes: &[u8]) -> Result<Measured, Error> {
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    let (head, headers) = match kind {
        Kind::Request => {
            let mut request = httparse::Request::new(&mut lines);
            (request.parse(bytes), &*request.headers)
        }
        Kind::Reply => {
            let mut reply = httparse::Response::new(&mut lines);
            (reply.parse(bytes), &*reply.headers)
        }
    };
    let length = match head.map_err(|error| Error::new(ErrorKind::InvalidData, error))? {
        httparse::Status::Partial => {
            return if bytes.len() < MOST {
                Ok(Measured::Unknown)
            } else {
                Err(invalid("the head does not end"))
            };
        }
        httparse::Status::Complete(head) => body(kind, headers)?.checked_add(head),
    };
    match length {
        Some(length) if length <= MOST => Ok(Measured::Length(length)),
        _ => Err(invalid("the message is too long")),
    }
}

fn body(kind: Kind, headers: &[httparse::Header<'_>]) -> Result<usize, Error> {
    if find(headers, "transfer-encoding").is_some() {
        return Err(invalid("the message has a transfer encoding"));
    }
    match (find(headers, "content-length"), kind) {
        (Some(value), _) => std::str::from_utf8(value)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or_else(|| invalid("the length of the body is not a number")),
        (None, Kind::Request) => Ok(0),
        (None, Kind::Reply) => Err(invalid("the reply does not say how long it is")),
    }
}

fn find<'h>(headers: &[httparse::Header<'h>], name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(kind: Kind, text: &str) {
        assert_eq!(measure(kind, text.as_bytes()).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn the_length_is_head_and_body() {
        let text = b"POST / HTTP/1.1\r\nContent-LENGTH: 4\r\n\r\nbodynext";
        assert_eq!(measure(Kind::Request, text).unwrap(), Measured::Length(text.len() - 4));
        assert_eq!(measure(Kind::Request, &text[..20]).unwrap(), Measured::Unknown);
        assert_eq!(measure(Kind::Request, b"").unwrap(), Measured::Unknown);
    }

    #[test]
    fn a_request_without_a_length_has_no_body() {
        let text = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        assert_eq!(measure(Kind::Request, text).unwrap(), Measured::Length(text.len()));
    }

    #[test]
    fn what_has_no_known_end_is_refused() {
        refused(Kind::Reply, "HTTP/1.1 200 OK\r\n\r\n");
        refused(Kind::Reply, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        refused(Kind::Request, "POST / HTTP/1.1\r\ncontent-length: some\r\n\r\n");
        refused(Kind::Request, "POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n");
        refused(Kind::Request, "POST / HTTP/1.1\r\ncontent-length: 18446744073709551615\r\n\r\n");
        refused(Kind::Request, "\0\0\0\0");
    }
}
