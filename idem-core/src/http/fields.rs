//! Which response fields belong to the operation, and which to one message or moment.

use http::header::{self, HeaderMap, HeaderName};

/// On every replay.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The lines to store, in order: all but what describes the connection (RFC 9110 §7.6.1), the moment, the caller's
/// session, or this very message.
pub(super) fn stored(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &http::HeaderValue)> {
    headers.iter().filter(|(name, _)| !never_stored(name) && !listed_in_connection(headers, name))
}

fn never_stored(name: &HeaderName) -> bool {
    const NEVER: [HeaderName; 25] = [
        // Sessions and credentials: a replay must not rotate or resurrect them.
        header::SET_COOKIE,
        header::WWW_AUTHENTICATE,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        HeaderName::from_static("proxy-authentication-info"),
        HeaderName::from_static("authentication-info"),
        HeaderName::from_static("clear-site-data"),
        // The connection.
        header::CONNECTION,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        // This message.
        header::DATE,
        header::CONTENT_LENGTH,
        header::AGE,
        header::VIA,
        header::SERVER,
        header::ALT_SVC,
        header::STRICT_TRANSPORT_SECURITY,
        HeaderName::from_static("server-timing"),
        // The moment.
        header::RETRY_AFTER,
        // Our own mark.
        REPLAYED,
        HeaderName::from_static("traceresponse"),
    ];
    NEVER.contains(name) || has_fleeting_name(name.as_str())
}

/// Families of names: rate limits, request and trace ids, CORS.
fn has_fleeting_name(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["ratelimit", "x-ratelimit", "access-control-", "x-b3-"];
    const NAMES: [&str; 12] = [
        "request-id",
        "x-request-id",
        "x-requestid",
        "correlation-id",
        "x-correlation-id",
        "traceparent",
        "tracestate",
        "x-trace-id",
        "x-amzn-trace-id",
        "x-amzn-requestid",
        "x-cloud-trace-context",
        "x-runtime",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

fn listed_in_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(header::CONNECTION).iter().any(|value| {
        let listed = value.as_bytes().split(|b| *b == b',');
        listed.into_iter().any(|token| token.trim_ascii().eq_ignore_ascii_case(name.as_str().as_bytes()))
    })
}
