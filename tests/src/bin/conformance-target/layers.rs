//! What a real service has around its routes: request ids, CORS, compression. All must act on a replay as on a first
//! answer.

use axum::Router;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use uuid::Uuid;

pub(crate) fn around(router: Router) -> Router {
    let exposed =
        ["idempotent-replayed", "x-request-id", "location", "retry-after"].map(HeaderName::from_static);
    let cors =
        CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any).expose_headers(exposed);
    let request_id = HeaderName::from_static("x-request-id");
    router
        .layer(CompressionLayer::new().gzip(true))
        .layer(cors)
        .layer(SetResponseHeaderLayer::overriding(request_id, fresh_id))
}

#[expect(clippy::unnecessary_wraps, reason = "the layer's interface")]
fn fresh_id(_: &Response) -> Option<HeaderValue> {
    // Hexadecimal digits and hyphens are a header value.
    Some(HeaderValue::from_str(&Uuid::new_v4().to_string()).unwrap_or(HeaderValue::from_static("none")))
}
