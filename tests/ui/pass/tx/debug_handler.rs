//! `#[debug_handler]` stands below, and does not see the transaction.

#[path = "../../database.rs"]
mod database;
#[path = "../../support.rs"]
mod support;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router, debug_handler};
use database::{Shop, sell};
use idem_core::idempotent;
use idem_core::tx::SqliteTx;
use support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[idempotent(tx_retries = 1)]
#[debug_handler]
async fn pay(State(runs): State<&'static Runs>, #[tx] tx: &mut SqliteTx<'_>, Json(what): Json<String>) -> Json<u64> {
    sell(tx, &what).await.unwrap();
    Json(runs.next())
}

#[tokio::main]
async fn main() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(pay)).with_state(&RUNS));
    assert_eq!(replays(&app, &Call::post("/").key("k").json("\"tea\"")).await.body, "1");
    assert_eq!(shop.sales().await, ["tea"]);
}
