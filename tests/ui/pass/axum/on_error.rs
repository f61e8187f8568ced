//! What a 500 means: run again, the answer, or an unknown outcome.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, runs_again, serve};

static RUNS: Runs = Runs::new();

fn failed() -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, RUNS.next().to_string())
}

#[idempotent(on_error = release)]
async fn release() -> (StatusCode, String) {
    failed()
}

#[idempotent(on_error = store)]
async fn store() -> (StatusCode, String) {
    failed()
}

#[idempotent(on_error = unknown)]
async fn unknown() -> (StatusCode, String) {
    failed()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let router = Router::new().route("/release", post(release)).route("/store", post(store));
    let app = serve(router.route("/unknown", post(unknown)));

    let [first, second] = runs_again(&app, &Call::post("/release").key("k")).await;
    assert_eq!((first.body.as_str(), second.body.as_str()), ("1", "2"));

    let stored = replays(&app, &Call::post("/store").key("k")).await;
    assert_eq!((stored.status, stored.body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "3"));

    let [first, second] = runs_again(&app, &Call::post("/unknown").key("k")).await;
    assert_eq!(first.body, "4");
    second.is_problem("outcome-unknown");
    assert_eq!(RUNS.total(), 4);
}
