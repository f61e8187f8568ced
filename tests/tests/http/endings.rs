//! How a response's body ends: with trailers, in time, or not.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::BodyExt;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use tower::ServiceExt;

use crate::support::{ask, json_post, problem_code};

/// A body of these frames, and then of what `then` says.
struct Frames {
    frames: VecDeque<Frame<Bytes>>,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    End,
    /// No more frames, and no end.
    Silence,
    /// A frame without bytes, again and again.
    Empty,
}

impl HttpBody for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match (self.frames.pop_front(), self.then) {
            (Some(frame), _) => Poll::Ready(Some(Ok(frame))),
            (None, Then::End) => Poll::Ready(None),
            (None, Then::Silence) => Poll::Pending,
            (None, Then::Empty) => Poll::Ready(Some(Ok(Frame::data(Bytes::new())))),
        }
    }
}

fn data(text: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(text.as_bytes()))
}

fn trailers(lines: &[(&'static str, &'static str)]) -> Frame<Bytes> {
    let line = |(name, value): &(&'static str, &'static str)| {
        (name.parse().expect("a name"), HeaderValue::from_static(value))
    };
    Frame::trailers(lines.iter().map(line).collect())
}

#[idempotent]
async fn answer(State(runs): State<Arc<AtomicU32>>, Path(how): Path<String>) -> Response {
    runs.fetch_add(1, Ordering::SeqCst);
    let (frames, then) = match &*how {
        "trailers" => {
            (vec![data("a"), data("b"), trailers(&[("grpc-status", "7"), ("x-more", "1")])], Then::End)
        }
        "two-trailers" => {
            (vec![data("ab"), trailers(&[("grpc-status", "7")]), trailers(&[("x-more", "1")])], Then::End)
        }
        "trailers-only" => (vec![trailers(&[("grpc-status", "0")])], Then::End),
        "long-trailers" => (vec![data("ab"), trailers(&[("x-long", LONG)])], Then::End),
        "silence" => (vec![data("a")], Then::Silence),
        "empty" => (vec![data("a")], Then::Empty),
        "upgrade" => return StatusCode::SWITCHING_PROTOCOLS.into_response(),
        other => panic!("no ending {other}"),
    };
    Body::new(Frames { frames: frames.into(), then }).into_response()
}

const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

fn app() -> (Router, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let idem = Idem::builder(MemoryStore::new())
        .scope(Scope::header("x-account"))
        .max_response_bytes(64)
        .max_response_time(Duration::from_millis(100))
        .build();
    let router =
        Router::new().route("/{how}", post(answer)).layer(idem.layer()).with_state(Arc::clone(&runs));
    (router, runs)
}

async fn heard(app: &Router, path: &str) -> (bool, Bytes, Option<HeaderMap>) {
    let response = app.clone().oneshot(json_post(path, "k", "")).await.expect("routers do not fail");
    assert_eq!(response.status(), 200, "{path}");
    let replayed = response.headers().contains_key("idempotent-replayed");
    let body = response.into_body().collect().await.expect("a whole body");
    let trailers = body.trailers().cloned();
    (replayed, body.to_bytes(), trailers)
}

/// A gRPC status is one.
#[tokio::test]
async fn trailers_are_replayed() {
    let (app, runs) = app();
    for (run, path) in (1..).zip(["/trailers", "/two-trailers", "/trailers-only"]) {
        let (replayed, bytes, lines) = heard(&app, path).await;
        assert!(!replayed && lines.as_ref().is_some_and(|lines| lines.contains_key("grpc-status")), "{path}");
        for _ in 0..2 {
            assert_eq!(heard(&app, path).await, (true, bytes.clone(), lines.clone()), "{path}");
        }
        assert_eq!(runs.load(Ordering::SeqCst), run);
    }
}

/// In time, or the first caller would wait for ever, and all others with it.
#[tokio::test]
async fn a_body_that_does_not_end_in_time_passes_through_and_is_never_begun_again() {
    let (app, runs) = app();
    for (run, path) in (1..).zip(["/silence", "/empty"]) {
        let asked = app.clone().oneshot(json_post(path, "k", ""));
        let asked = tokio::time::timeout(Duration::from_secs(30), asked).await.expect("an answer in time");
        let mut first = asked.expect("routers do not fail");
        let frame = first.body_mut().frame().await.expect("a frame").expect("sound");
        assert_eq!(frame.into_data().expect("data"), "a");
        for _ in 0..2 {
            assert_eq!(problem_code(&ask(&app, json_post(path, "k", "")).await), "result-unavailable");
        }
        assert_eq!(runs.load(Ordering::SeqCst), run);
    }
}

#[tokio::test]
async fn what_cannot_be_kept_reaches_its_caller_and_is_never_begun_again() {
    let (app, runs) = app();
    let (_, bytes, lines) = heard(&app, "/long-trailers").await;
    assert_eq!((&*bytes, lines.expect("trailers")["x-long"].as_bytes()), (&b"ab"[..], LONG.as_bytes()));
    assert_eq!(ask(&app, json_post("/upgrade", "k", "")).await.status(), 101);
    for path in ["/long-trailers", "/upgrade"] {
        assert_eq!(problem_code(&ask(&app, json_post(path, "k", "")).await), "result-unavailable", "{path}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}
