//! `#[debug_handler]` stands below, and checks the signature that axum sees.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router, debug_handler};
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

#[derive(Clone)]
struct App {
    runs: &'static Runs,
}

static RUNS: Runs = Runs::new();

#[idempotent(ttl = "1h")]
#[debug_handler]
async fn pay(State(app): State<App>, Json(amount): Json<u64>) -> Json<[u64; 2]> {
    Json([amount, app.runs.next()])
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)).with_state(App { runs: &RUNS }));
    assert_eq!(replays(&app, &Call::post("/").key("k").json("5")).await.body, "[5,1]");
}
