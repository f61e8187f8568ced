//! What is not to be stored is rolled back.

use axum::Router;
use axum::routing::post;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, runs_again};

static RUNS: Runs = Runs::new();

#[idempotent(store_if = |reply| !reply.status().is_success())]
async fn pay(#[tx] tx: &mut SqliteTx<'_>) -> String {
    sell(tx, "tea").await.unwrap();
    RUNS.next().to_string()
}

#[idempotent(with = idem, key = order, name = "sell", store_if = |result| matches!(result, Ok(run) if run % 2 == 0))]
async fn even(idem: &Idem<SqliteStore>, order: u64, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, Refused> {
    sell(tx, "milk").await.unwrap();
    Ok(RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(pay)));
    let [first, second] = runs_again(&app, &Call::post("/").key("k")).await;
    assert_eq!((first.body.as_str(), second.body.as_str()), ("1", "2"));
    assert!(shop.sales().await.is_empty());
    for expected in [3, 4, 4] {
        assert_eq!(even(&shop.idem, 1).await, Ok(expected));
    }
    assert_eq!(shop.sales().await, ["milk"]);
}
