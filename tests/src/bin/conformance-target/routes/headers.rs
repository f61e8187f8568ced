//! An answer with header lines of every kind: to be kept, to be kept in order, and never to be kept.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use idem_core::idempotent;

use crate::account::Account;
use crate::paid::Ran;
use crate::run::Run;

#[idempotent]
pub(crate) async fn headers(account: Account, run: Run) -> Response {
    bare::headers(account, run).await
}

/// The same without the attribute.
pub(crate) mod bare {
    use super::{Account, AppendHeaders, HeaderName, HeaderValue, IntoResponse, Ran, Response, Run, header};

    pub(crate) async fn headers(_: Account, run: Run) -> Response {
        let run = run.begin().await;
        let lines = AppendHeaders([
            (header::LINK, HeaderValue::from_static("</a>; rel=\"x\"")),
            (header::LINK, HeaderValue::from_static("</b>; rel=\"y\"")),
            (HeaderName::from_static("x-list"), HeaderValue::from_static("a, b")),
            (header::ETAG, HeaderValue::from_static("\"e1\"")),
            (header::CONNECTION, HeaderValue::from_static("X-Hop")),
            (HeaderName::from_static("x-hop"), HeaderValue::from_static("1")),
            (header::RETRY_AFTER, HeaderValue::from_static("7")),
            (header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic")),
        ]);
        let mut response = (lines, Ran { run }).into_response();
        let headers = response.headers_mut();
        if let Ok(cookie) = HeaderValue::from_str(&format!("s={run}")) {
            headers.append(header::SET_COOKIE, cookie);
        }
        // obs-text (RFC 9110 §5.5): a byte that is no ASCII and, alone, no UTF-8.
        if let Ok(value) = HeaderValue::from_bytes(&[0xE9]) {
            headers.append(HeaderName::from_static("x-obs"), value);
        }
        response
    }
}
