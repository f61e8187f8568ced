//! Without a key a call runs unprotected, with one it is protected.

use axum::Router;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, runs_again, serve};

static RUNS: Runs = Runs::new();

#[idempotent(optional)]
async fn pay() -> String {
    RUNS.next().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)));
    let [first, second] = runs_again(&app, &Call::post("/")).await;
    assert_eq!((first.body.as_str(), second.body.as_str()), ("1", "2"));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "3");
}
