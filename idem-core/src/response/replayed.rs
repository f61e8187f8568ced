//! Reads the stored form of a response.

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::refused::UnavailableResult;
use crate::reply::{Format, Reply};

/// A stored reply, read.
#[derive(Debug)]
pub(crate) enum Stored {
    /// The response, and its trailers if it has any.
    Response(Response<Bytes>, Option<Box<HeaderMap>>),
    /// There is none to give.
    Tombstone(UnavailableResult),
}

impl Stored {
    /// Reads a reply without copying its body. Anything that this version did not write is unreadable, never guessed.
    pub(crate) fn read(reply: &Reply) -> Self {
        if let Some(why) = reply.why_unavailable() {
            return Self::Tombstone(why);
        }
        match Self::response(Bytes::from_owner(reply.clone())) {
            Some((response, trailers)) => Self::Response(response, trailers.map(Box::new)),
            None => Self::Tombstone(UnavailableResult::Unreadable),
        }
    }

    fn response(mut bytes: Bytes) -> Option<(Response<Bytes>, Option<HeaderMap>)> {
        let has_trailers = match bytes.try_get_u8().ok()? {
            format if format == Format::Http as u8 => false,
            format if format == Format::HttpTrailers as u8 => true,
            _ => return None,
        };
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::from_u16(bytes.try_get_u16().ok()?).ok()?;
        *response.headers_mut() = lines(&mut bytes)?;
        let trailers = if has_trailers { Some(lines(&mut bytes)?) } else { None };
        *response.body_mut() = bytes;
        Some((response, trailers))
    }
}

fn lines(bytes: &mut Bytes) -> Option<HeaderMap> {
    let count = bytes.try_get_u16().ok()?;
    let mut lines = HeaderMap::new();
    for _ in 0..count {
        let name_len = bytes.try_get_u16().ok()?;
        let name = take(bytes, name_len.into())?;
        let value_len = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
        let value = take(bytes, value_len)?;
        let name = HeaderName::from_bytes(&name).ok()?;
        lines.try_append(name, HeaderValue::from_maybe_shared(value).ok()?).ok()?;
    }
    Some(lines)
}

fn take(bytes: &mut Bytes, len: usize) -> Option<Bytes> {
    (len <= bytes.len()).then(|| bytes.split_to(len))
}
