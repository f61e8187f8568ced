//! Outputs without a name. The import of their trait counts as used.

#![deny(unused_imports)]

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use idem_core::tx::SqliteTx;
use idem_core::{Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[idempotent]
async fn alone(#[tx] tx: &mut SqliteTx<'_>) -> impl IntoResponse {
    sell(tx, "alone").await.unwrap();
    (StatusCode::ACCEPTED, [("x-run", "first")], RUNS.next().to_string())
}

#[idempotent(tx_retries = 1)]
async fn value(#[tx] tx: &mut SqliteTx<'_>) -> Result<impl IntoResponse, Refused> {
    sell(tx, "value").await.map_err(|_| Refused::KeyExpired)?;
    Ok((StatusCode::CREATED, RUNS.next().to_string()))
}

#[idempotent]
async fn error(#[tx] tx: &mut SqliteTx<'_>) -> Result<String, impl IntoResponse> {
    sell(tx, "error").await.unwrap();
    Err((StatusCode::CONFLICT, RUNS.next().to_string()))
}

#[idempotent]
async fn both(#[tx] tx: &mut SqliteTx<'_>, body: String) -> Result<impl IntoResponse, impl IntoResponse> {
    sell(tx, &body).await.unwrap();
    let run = RUNS.next();
    if body.is_empty() {
        return Err((StatusCode::CONFLICT, run.to_string()));
    }
    Ok(format!("{body} {run}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let router = Router::new().route("/alone", post(alone)).route("/value", post(value));
    let app = shop.serve(router.route("/error", post(error)).route("/both", post(both)));
    assert_eq!(replays(&app, &Call::post("/alone").key("k")).await.status, StatusCode::ACCEPTED);
    assert_eq!(replays(&app, &Call::post("/value").key("k")).await.body, "2");
    assert_eq!(replays(&app, &Call::post("/error").key("k")).await.body, "3");
    assert_eq!(replays(&app, &Call::post("/both").key("k").body("both")).await.body, "both 4");
    assert_eq!(replays(&app, &Call::post("/both").key("k-2")).await.status, StatusCode::CONFLICT);
    assert_eq!(shop.sales().await, ["alone", "value", "both"]);
}
