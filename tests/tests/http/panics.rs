//! A handler that panics.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::routing::any;
use bytes::Bytes;
use http_body::Frame;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};

use super::start;
use crate::support::{ask, json_post, post, problem_code};

#[test]
fn the_caller_of_a_panic_hears_500_later_callers_409_and_nothing_runs_again() {
    let target = start(&[]);
    for status in [500, 409, 409] {
        let refused = target.send(&post("/panic").key("k"));
        assert_eq!(refused.refusal(), (status, "outcome-unknown".to_owned()));
        let problem = refused.json();
        assert_eq!((&problem["retry_same_key"], &problem["safe_new_key"]), (&true.into(), &false.into()));
    }
    assert_eq!(target.runs("k"), 1);
}

#[test]
fn with_after_crash_rerun_a_panic_frees_the_key() {
    let target = start(&["--after-crash", "rerun"]);
    for run in 1..=3 {
        let failed = target.send(&post("/panic").key("k"));
        assert_eq!(failed.refusal(), (500, "handler-panicked".to_owned()));
        assert_eq!(target.runs("k"), run);
    }
}

#[test]
fn a_panic_harms_no_other_request() {
    let target = start(&[]);
    target.send(&post("/panic").key("k"));
    assert_eq!(target.send(&post("/pay").key("k")).status, 201);
    assert!(target.send(&post("/pay").key("k")).is_replay());
}

/// Breaks while it is read, after its handler returned.
struct Panics;

impl HttpBody for Panics {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body panics, as it was asked to")
    }
}

#[idempotent(optional)]
async fn panics_in_its_body(State(runs): State<Arc<AtomicU32>>) -> Body {
    runs.fetch_add(1, Ordering::SeqCst);
    Body::new(Panics)
}

#[idempotent(optional)]
async fn panics(State(runs): State<Arc<AtomicU32>>) -> StatusCode {
    runs.fetch_add(1, Ordering::SeqCst);
    // Long enough for a concurrent call with the same key to wait.
    tokio::time::sleep(Duration::from_millis(200)).await;
    panic!("the handler panics, as it was asked to")
}

fn app() -> (Router, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let idem = Idem::builder(MemoryStore::new())
        .scope(Scope::header("x-account"))
        .wait(Duration::from_secs(30))
        .build();
    let router = Router::new()
        .route("/panics", any(panics))
        .route("/body", any(panics_in_its_body))
        .layer(idem.layer())
        .with_state(Arc::clone(&runs));
    (router, runs)
}

#[tokio::test]
async fn a_panic_while_the_body_is_made_is_a_panic_of_the_handler() {
    let (app, runs) = app();
    for status in [500, 409, 409] {
        let answer = ask(&app, json_post("/body", "k", "")).await;
        assert_eq!((answer.status().as_u16(), &*problem_code(&answer)), (status, "outcome-unknown"));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn one_panic_is_one_500_and_its_waiting_duplicates_hear_409() {
    let (app, runs) = app();
    let (first, twin, third) = tokio::join!(
        ask(&app, json_post("/panics", "k", "")),
        ask(&app, json_post("/panics", "k", "")),
        ask(&app, json_post("/panics", "k", "")),
    );
    let statuses = [first, twin, third].map(|answer| {
        assert_eq!(problem_code(&answer), "outcome-unknown");
        answer.status().as_u16()
    });
    assert_eq!(statuses, [500, 409, 409]);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// A layer outside, such as `CatchPanicLayer`, sees it as it would without the attribute.
#[tokio::test]
async fn a_panic_without_a_key_goes_on_to_the_caller() {
    for method in ["POST", "GET"] {
        let (app, _) = app();
        let request = Request::builder().method(method).uri("/panics").header("x-account", "ada");
        let request = request.body(Body::empty()).expect("a request");
        let answer = tokio::spawn(async move { ask(&app, request).await }).await;
        assert!(answer.is_err_and(|error| error.is_panic()), "{method}");
    }
}
