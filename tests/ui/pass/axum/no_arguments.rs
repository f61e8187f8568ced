//! A handler without arguments and without an answer.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent]
async fn pay() {
    RUNS.next();
}

#[idempotent()]
async fn empty() {}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)).route("/empty", post(empty)));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.status, StatusCode::OK);
    replays(&app, &Call::post("/empty").key("k")).await;
    assert_eq!(RUNS.total(), 1);
}
