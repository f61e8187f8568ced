//! `#[debug_handler]` stands below, and does not see the transaction.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router, debug_handler};
use idem_core::idempotent;
use idem_core::tx::SqliteTx;

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[idempotent(tx_retries = 1)]
#[debug_handler]
async fn pay(
    State(runs): State<&'static Runs>,
    #[tx] tx: &mut SqliteTx<'_>,
    Json(what): Json<String>,
) -> Json<u64> {
    sell(tx, &what).await.unwrap();
    Json(runs.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(pay)).with_state(&RUNS));
    assert_eq!(replays(&app, &Call::post("/").key("k").json("\"tea\"")).await.body, "1");
    assert_eq!(shop.sales().await, ["tea"]);
}
