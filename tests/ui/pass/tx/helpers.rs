//! Functions that the body lends its transaction to, and savepoints in it.

use axum::Router;
use axum::routing::post;
use idem_core::idempotent;
use idem_core::tx::SqliteTx;
use sqlx::{Acquire as _, SqliteConnection};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

async fn by_connection(connection: &mut SqliteConnection, what: &str) {
    sell(connection, what).await.unwrap();
}

async fn by_transaction(tx: &mut SqliteTx<'_>, what: &str) {
    sell(tx, what).await.unwrap();
}

#[idempotent]
async fn lend(#[tx] tx: &mut SqliteTx<'_>) -> String {
    by_connection(tx, "connection").await;
    by_transaction(tx, "transaction").await;

    let mut kept = tx.begin().await.unwrap();
    by_transaction(&mut kept, "kept").await;
    kept.commit().await.unwrap();
    let mut undone = tx.begin().await.unwrap();
    by_transaction(&mut undone, "undone").await;
    undone.rollback().await.unwrap();
    let mut dropped = tx.begin().await.unwrap();
    by_connection(&mut dropped, "dropped").await;
    drop(dropped);

    sqlx::query("INSERT INTO sale VALUES ('last')").execute(&mut **tx).await.unwrap();
    RUNS.next().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(lend)));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "1");
    assert_eq!(shop.sales().await, ["connection", "transaction", "kept", "last"]);
}
