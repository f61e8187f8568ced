//! An answer without an end.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use tower::ServiceExt;

use crate::support::{ask, json_post, problem_code};

/// One event, and then silence for ever.
struct Events(Option<&'static str>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.take() {
            Some(event) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(event.as_bytes()))))),
            None => Poll::Pending,
        }
    }
}

#[idempotent]
async fn subscribe() -> impl IntoResponse {
    ([(CONTENT_TYPE, "Text/Event-Stream; charset=utf-8")], Body::new(Events(Some("data: 1\n\n"))))
}

#[tokio::test]
async fn events_pass_through_at_once_and_are_never_begun_again() {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
    let app = Router::new().route("/", post(subscribe)).layer(idem.layer());
    let mut first = app.clone().oneshot(json_post("/", "k", "")).await.expect("an answer before the end");
    let event = first.body_mut().frame().await.expect("a frame").expect("sound").into_data().expect("data");
    assert_eq!(event, "data: 1\n\n");
    assert_eq!(problem_code(&ask(&app, json_post("/", "k", "")).await), "result-unavailable");
}
