//! The transaction under every name, and in a function that a macro made.

#![deny(warnings)]

use axum::Router;
use axum::routing::post;
use idem_core::idempotent;
use idem_core::tx::SqliteTx;
use sqlx::{Sqlite, Transaction};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[idempotent]
async fn nameless(#[tx] _: &mut SqliteTx<'_>) -> String {
    RUNS.next().to_string()
}

#[idempotent]
async fn unused(#[tx] _tx: &mut SqliteTx<'_>) -> String {
    RUNS.next().to_string()
}

#[idempotent]
async fn mutable(#[tx] mut tx: &mut SqliteTx<'_>) -> String {
    sell(tx, "mutable").await.unwrap();
    tx = &mut *tx;
    sell(tx, "still").await.unwrap();
    RUNS.next().to_string()
}

#[idempotent]
async fn raw(#[tx] r#type: &mut Transaction<'_, Sqlite>) -> String {
    sell(r#type, "raw").await.unwrap();
    RUNS.next().to_string()
}

#[idempotent]
async fn allowed(
    #[allow(unused_variables)]
    #[tx]
    tx: &mut SqliteTx,
) -> String {
    RUNS.next().to_string()
}

macro_rules! handler {
    ($name:ident, $tx:ident: $ty:ty, $output:ty, $body:block) => {
        #[idempotent(tx_retries = 1)]
        async fn $name(#[tx] $tx: $ty) -> $output $body
    };
}

handler!(made, tx: &mut SqliteTx<'_>, String, {
    sell(tx, "made").await.unwrap();
    RUNS.next().to_string()
});

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let router =
        Router::new().route("/1", post(nameless)).route("/2", post(unused)).route("/3", post(mutable));
    let router = router.route("/4", post(raw)).route("/5", post(allowed)).route("/6", post(made));
    let app = shop.serve(router);
    for run in 1..=6 {
        let answer = replays(&app, &Call::post(&format!("/{run}")).key("k")).await;
        assert_eq!(answer.body, run.to_string());
    }
    assert_eq!(shop.sales().await, ["mutable", "still", "raw", "made"]);
}
