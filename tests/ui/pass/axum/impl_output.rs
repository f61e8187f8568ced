//! Outputs without a name, alone and within a `Result`. The import of their trait counts as used.

#![deny(unused_imports)]

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent]
async fn alone() -> impl IntoResponse {
    (StatusCode::ACCEPTED, [("x-run", "first")], RUNS.next().to_string())
}

#[idempotent]
async fn within(body: String) -> Result<impl IntoResponse, impl IntoResponse> {
    let run = RUNS.next();
    if body.is_empty() {
        return Err((StatusCode::CONFLICT, run.to_string()));
    }
    Ok(format!("{body} {run}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/alone", post(alone)).route("/within", post(within)));
    assert_eq!(replays(&app, &Call::post("/alone").key("k")).await.status, StatusCode::ACCEPTED);
    assert_eq!(replays(&app, &Call::post("/within").key("k")).await.status, StatusCode::CONFLICT);
    assert_eq!(replays(&app, &Call::post("/within").key("k-2").body("b")).await.body, "b 3");
}
