//! A handler that says what one error means, against what its status says.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::{Ambiguous, Final, NoEffect, idempotent};

use crate::support::{Call, Runs, replays, runs_again, serve};

static RUNS: Runs = Runs::new();

#[idempotent]
async fn last() -> Result<(), Final<(StatusCode, String)>> {
    Err(Final((StatusCode::INTERNAL_SERVER_ERROR, RUNS.next().to_string())))
}

#[idempotent]
async fn doubtful() -> Result<(), Ambiguous<(StatusCode, String)>> {
    Err(Ambiguous((StatusCode::BAD_REQUEST, RUNS.next().to_string())))
}

#[idempotent]
async fn harmless() -> Result<(), NoEffect<(StatusCode, String)>> {
    Err(NoEffect((StatusCode::BAD_REQUEST, RUNS.next().to_string())))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let router = Router::new().route("/last", post(last)).route("/doubtful", post(doubtful));
    let app = serve(router.route("/harmless", post(harmless)));

    assert_eq!(replays(&app, &Call::post("/last").key("k")).await.body, "1");
    let [first, second] = runs_again(&app, &Call::post("/doubtful").key("k")).await;
    assert_eq!(first.body, "2");
    second.is_problem("outcome-unknown");
    let [first, second] = runs_again(&app, &Call::post("/harmless").key("k")).await;
    assert_eq!((first.body.as_str(), second.body.as_str()), ("3", "4"));
}
