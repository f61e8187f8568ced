//! Routers of the tests' own, asked without a socket.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A payment of ada's.
pub(crate) fn json_post(path: &str, key: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header("x-account", "ada")
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(body.into())
        .expect("a request")
}

pub(crate) async fn ask(app: &Router, request: Request<Body>) -> Response<Bytes> {
    let response = app.clone().oneshot(request).await.expect("routers do not fail");
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.expect("a whole body").to_bytes())
}

/// The code of a problem document.
#[track_caller]
pub(crate) fn problem_code(response: &Response<Bytes>) -> String {
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{response:?}");
    let problem: serde_json::Value = serde_json::from_slice(response.body()).expect("JSON");
    problem["code"].as_str().expect("a code").to_owned()
}
