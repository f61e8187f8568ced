//! Answers that say themselves what they mean for the key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Ambiguous, Final, Idem, NoEffect, Scope, idempotent};

use crate::support::{ask, json_post, problem_code};

type Runs = Arc<AtomicU32>;

fn next(runs: &Runs) -> String {
    (runs.fetch_add(1, Ordering::SeqCst) + 1).to_string()
}

#[idempotent]
async fn final_failure(State(runs): State<Runs>) -> Final<(StatusCode, String)> {
    Final((StatusCode::SERVICE_UNAVAILABLE, next(&runs)))
}

#[idempotent]
async fn ambiguous(State(runs): State<Runs>) -> Result<String, Ambiguous<(StatusCode, String)>> {
    Err(Ambiguous((StatusCode::NOT_FOUND, next(&runs))))
}

#[idempotent]
async fn no_effect(State(runs): State<Runs>) -> NoEffect<String> {
    NoEffect(next(&runs))
}

#[idempotent(store_if = |response: &Response| response.headers().contains_key("x-store"))]
async fn store_if(State(runs): State<Runs>, headers: HeaderMap) -> Response {
    let mut response = next(&runs).into_response();
    if let Some(wish) = headers.get("x-store") {
        response.headers_mut().insert("x-store", wish.clone());
    }
    response
}

fn app() -> (Router, Runs) {
    let runs = Runs::default();
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
    let app = Router::new()
        .route("/final", post(final_failure))
        .route("/ambiguous", post(ambiguous))
        .route("/no-effect", post(no_effect))
        .route("/store-if", post(store_if))
        .layer(idem.layer())
        .with_state(Arc::clone(&runs));
    (app, runs)
}

#[tokio::test]
async fn a_final_failure_is_stored() {
    let (app, runs) = app();
    for replay in [false, true] {
        let reply = ask(&app, json_post("/final", "k", "")).await;
        assert_eq!(
            (reply.status(), reply.body().as_ref()),
            (StatusCode::SERVICE_UNAVAILABLE, b"1".as_slice())
        );
        assert_eq!(reply.headers().contains_key("idempotent-replayed"), replay);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_ambiguous_error_is_told_once_and_then_the_outcome_is_unknown() {
    let (app, runs) = app();
    let first = ask(&app, json_post("/ambiguous", "k", "")).await;
    assert_eq!((first.status(), first.body().as_ref()), (StatusCode::NOT_FOUND, b"1".as_slice()));
    for _ in 0..2 {
        assert_eq!(problem_code(&ask(&app, json_post("/ambiguous", "k", "")).await), "outcome-unknown");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_without_effect_frees_the_key() {
    let (app, _) = app();
    for run in ["1", "2"] {
        assert_eq!(ask(&app, json_post("/no-effect", "k", "")).await.body(), run);
    }
}

#[tokio::test]
async fn a_predicate_decides_what_is_stored() {
    let (app, _) = app();
    for run in ["1", "2"] {
        assert_eq!(ask(&app, json_post("/store-if", "k", "")).await.body(), run);
    }
    for _ in 0..2 {
        let mut request = json_post("/store-if", "k", "");
        request.headers_mut().insert("x-store", "yes".parse().expect("a value"));
        assert_eq!(ask(&app, request).await.body(), "3");
    }
}
