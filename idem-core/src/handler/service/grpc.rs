//! gRPC over HTTP/2: the outcome of a call is its `grpc-status`, in the trailers or in the header
//! ([protocol](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)).

use std::fmt::Write;

use axum_core::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::handler::Classed;
use crate::handler::response_body::{Collected, Limits, collect};
use crate::outcome::Class;
use crate::refused::Refused;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const CODE: HeaderName = HeaderName::from_static("idempotency-code");

/// `application/grpc`, or `application/grpc+proto` and its like. gRPC-Web has another form of trailers and is not meant.
pub(super) fn is_grpc(headers: &HeaderMap) -> bool {
    let essence = |value: &HeaderValue| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let head = essence.get(..16).unwrap_or_default();
        head.eq_ignore_ascii_case(b"application/grpc") && matches!(essence.get(16), None | Some(b'+'))
    };
    headers.get(header::CONTENT_TYPE).is_some_and(essence)
}

/// The response, read whole, with the class of its status.
pub(super) async fn classed(response: Response<Body>, limits: Limits) -> Response<Body> {
    // Anything but 200 has no status of gRPC's.
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let in_header = parts.headers.get(&STATUS).cloned();
    let (body, class) = match collect(body, limits).await {
        Collected::Whole { trailers, body, .. } => {
            // Without a status the call has failed for its client.
            let status = trailers.and_then(|trailers| trailers.get(&STATUS).cloned()).or(in_header);
            (body, status.map_or(Class::Failure, |status| class_of(status.as_bytes())))
        }
        // Its status is not read, and may be OK: it leaves a tombstone, and never runs again.
        Collected::Cut { body, .. } => (body, Class::Final),
    };
    parts.extensions.insert(Classed(class));
    Response::from_parts(parts, body)
}

fn class_of(status: &[u8]) -> Class {
    match status {
        // OK, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED
        b"0" | b"3" | b"5" | b"6" | b"9" | b"11" | b"12" => Class::Final,
        // CANCELLED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE, UNAUTHENTICATED
        b"1" | b"7" | b"8" | b"10" | b"14" | b"16" => Class::Transient,
        // UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, DATA_LOSS, and what is no status
        _ => Class::Failure,
    }
}

/// A refusal without a message: status 200, and the rest in the header ("Trailers-Only").
pub(super) fn refusal(refused: &Refused, status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(STATUS, HeaderValue::from_static(status_of(status)));
    if let Ok(message) = HeaderValue::from_str(&percent_encoded(&refused.to_string())) {
        headers.insert(MESSAGE, message);
    }
    headers.insert(CODE, HeaderValue::from_static(refused.code()));
    response
}

const fn status_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "3",
        409 => "10",
        413 | 429 => "8",
        422 => "9",
        503 => "14",
        _ => "13",
    }
}

/// As the protocol has it for `grpc-message`: printable ASCII as it is, but for `%`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
