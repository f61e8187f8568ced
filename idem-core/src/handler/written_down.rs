//! What is kept of a response: all of it, or the tombstone in its place. The one place that decides whether it is whole.
//!
//! | response | its caller gets it | kept |
//! |---|---|---|
//! | ends within the limits of bytes and time | once it has ended | all of it, with its trailers |
//! | is longer, or does not end in time | from then on, as it comes | [`TooLarge`](UnavailableResult::TooLarge), [`TooSlow`](UnavailableResult::TooSlow) |
//! | breaks off, or is not as long as its Content-Length says | as it is | [`Broken`](UnavailableResult::Broken) |
//! | `text/event-stream` | at once | [`TooLarge`](UnavailableResult::TooLarge) |
//! | 1xx: 101 hands the connection over | at once | [`Upgrade`](UnavailableResult::Upgrade) |
//!
//! Extensions of a response are for the layers of this process, and are not kept.

use http::response::Parts;
use http::{StatusCode, header};

use super::Response;
use super::response_body::{Collected, Limits, collect};
use crate::refused::UnavailableResult;
use crate::reply::Reply;
use crate::response::encode;

/// Reads the body and makes the reply; what cannot be kept leaves a tombstone, and the caller gets it all the same.
pub(super) async fn written_down(response: Response, limits: Limits) -> (Response, Reply) {
    let (parts, body) = response.into_parts();
    if let Some(why) = never_kept(&parts) {
        return (Response::from_parts(parts, body), Reply::tombstone(why));
    }
    let (body, reply) = match collect(body, limits).await {
        Collected::Whole { bytes, body, .. } if is_cut(&parts, bytes.len()) => {
            (body, Reply::tombstone(UnavailableResult::Broken))
        }
        Collected::Whole { bytes, trailers, body } => {
            (body, encode(parts.status, &parts.headers, &bytes, trailers.as_ref()))
        }
        Collected::Cut { why, body } => (body, Reply::tombstone(why)),
    };
    (Response::from_parts(parts, body), reply)
}

/// What is not waited for.
fn never_kept(parts: &Parts) -> Option<UnavailableResult> {
    if parts.status.is_informational() {
        return Some(UnavailableResult::Upgrade);
    }
    parts
        .headers
        .get_all(header::CONTENT_TYPE)
        .iter()
        .any(is_event_stream)
        .then_some(UnavailableResult::TooLarge)
}

/// Types are the same in any case of letters, and may have parameters (RFC 9110 §8.3.1).
fn is_event_stream(content_type: &header::HeaderValue) -> bool {
    let essence = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// A body that ends before or behind its Content-Length is broken on the wire, and would be whole in a replay. Where there
/// is no body, the field says how long one would be (RFC 9110 §8.6).
fn is_cut(parts: &Parts, bytes: usize) -> bool {
    let without_body =
        matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    let said = |value: &header::HeaderValue| value.to_str().ok()?.trim().parse::<usize>().ok();
    let lengths = parts.headers.get_all(header::CONTENT_LENGTH);
    !without_body && lengths.iter().any(|value| said(value) != Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::HeaderValue;
    use axum::http::Response as HttpResponse;

    use super::*;

    const LIMITS: Limits = Limits { bytes: 100, time: Duration::from_secs(30) };

    #[test]
    fn event_streams_are_known_in_any_spelling() {
        for text in [
            "text/event-stream",
            "Text/Event-Stream",
            "TEXT/EVENT-STREAM;charset=utf-8",
            "text/event-stream ; charset=utf-8",
            " text/event-stream",
        ] {
            assert!(is_event_stream(&HeaderValue::from_static(text)), "{text}");
        }
        let with_odd_parameter = HeaderValue::from_bytes(b"text/event-stream; x=\xe9").unwrap();
        assert!(is_event_stream(&with_odd_parameter));
        for text in ["text/event-streams", "text/plain", "", "application/text/event-stream"] {
            assert!(!is_event_stream(&HeaderValue::from_static(text)), "{text}");
        }
    }

    async fn kept(status: u16, lengths: &[&'static str], body: &'static str) -> Option<UnavailableResult> {
        let mut response = HttpResponse::builder().status(status).body(Body::from(body)).unwrap();
        for length in lengths {
            response.headers_mut().append("content-length", HeaderValue::from_static(length));
        }
        let (again, reply) = written_down(response, LIMITS).await;
        assert_eq!(axum::body::to_bytes(again.into_body(), 1000).await.unwrap(), body);
        reply.why_unavailable()
    }

    #[tokio::test]
    async fn a_body_is_as_long_as_its_content_length_says() {
        assert_eq!(kept(200, &["5"], "whole").await, None);
        assert_eq!(kept(200, &[], "whole").await, None);
        for length in ["4", "6", "0", "five", "99999999999999999999999"] {
            assert_eq!(kept(200, &[length], "whole").await, Some(UnavailableResult::Broken), "{length}");
        }
        assert_eq!(kept(200, &["5", "6"], "whole").await, Some(UnavailableResult::Broken));
        // Of the body that another status would have had.
        assert_eq!(kept(304, &["5"], "").await, None);
        assert_eq!(kept(204, &["5"], "").await, None);
    }

    #[tokio::test]
    async fn what_hands_its_connection_over_is_never_replayed() {
        assert_eq!(kept(101, &[], "").await, Some(UnavailableResult::Upgrade));
        assert_eq!(kept(103, &[], "").await, Some(UnavailableResult::Upgrade));
        assert_eq!(kept(204, &[], "").await, None);
    }
}
