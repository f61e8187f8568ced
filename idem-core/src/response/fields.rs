//! Which response fields belong to the operation, and which to one message or moment.

use http::header::{self, HeaderMap, HeaderName};

/// On every replay.
#[cfg(feature = "tower")]
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The lines to store, in order: all but what describes the connection (RFC 9110 §7.6.1), the moment, the caller's
/// session, or this very message.
pub(super) fn stored(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &http::HeaderValue)> {
    headers.iter().filter(|(name, _)| !never_stored(name) && !listed_in_connection(headers, name))
}

fn never_stored(name: &HeaderName) -> bool {
    const FAMILIES: [&str; 4] = ["ratelimit", "x-ratelimit", "access-control-", "x-b3-"];
    let name = name.as_str();
    let named = matches!(
        name,
        // Sessions and credentials: a replay must not rotate or resurrect them.
        "set-cookie" | "www-authenticate" | "proxy-authenticate" | "proxy-authorization"
            | "proxy-authentication-info" | "authentication-info" | "clear-site-data"
        // The connection.
            | "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding" | "upgrade"
        // This message.
            | "date" | "content-length" | "age" | "via" | "server" | "alt-svc" | "strict-transport-security"
            | "server-timing" | "x-runtime" | "idempotent-replayed"
        // The moment.
            | "retry-after"
        // Request and trace ids.
            | "request-id" | "x-request-id" | "x-requestid" | "correlation-id" | "x-correlation-id" | "traceparent"
            | "tracestate" | "traceresponse" | "x-trace-id" | "x-amzn-trace-id" | "x-amzn-requestid"
            | "x-cloud-trace-context"
    );
    named || FAMILIES.iter().any(|family| name.starts_with(family))
}

fn listed_in_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(header::CONNECTION).iter().any(|value| {
        let listed = value.as_bytes().split(|b| *b == b',');
        listed.into_iter().any(|token| token.trim_ascii().eq_ignore_ascii_case(name.as_str().as_bytes()))
    })
}
