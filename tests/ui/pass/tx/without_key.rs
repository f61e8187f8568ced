//! Without a key, and for requests that need none, a transaction is committed without a record.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};
use tower::ServiceExt as _;

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays, runs_again};

static RUNS: Runs = Runs::new();

#[idempotent(optional)]
async fn pay(#[tx] tx: &mut SqliteTx<'_>) -> (StatusCode, String) {
    let run = RUNS.next();
    sell(tx, &format!("sale {run}")).await.unwrap();
    (if run == 3 { StatusCode::CONFLICT } else { StatusCode::OK }, run.to_string())
}

#[idempotent]
async fn list(#[tx] tx: &mut SqliteTx<'_>) -> String {
    let sales: Vec<String> = sqlx::query_scalar("SELECT what FROM sale").fetch_all(&mut **tx).await.unwrap();
    sales.join(", ")
}

#[idempotent(with = idem, key = order, name = "sell", optional)]
async fn plain(
    idem: &Idem<SqliteStore>,
    order: Option<u64>,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Refused> {
    let run = RUNS.next();
    sell(tx, &format!("sale {run}")).await.unwrap();
    Ok(run)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", get(list).post(pay)));
    let [first, second] = runs_again(&app, &Call::post("/")).await;
    assert_eq!((first.body.as_str(), second.body.as_str()), ("1", "2"));
    // Rolled back, as it would be with a key.
    assert_eq!(Call::post("/").send(&app).await.status, StatusCode::CONFLICT);
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "4");

    let response = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    assert_eq!(body, "sale 1, sale 2, sale 4");

    assert_eq!(plain(&shop.idem, None).await, Ok(5));
    assert_eq!(plain(&shop.idem, None).await, Ok(6));
    for _ in 0..2 {
        assert_eq!(plain(&shop.idem, Some(1)).await, Ok(7));
    }
    assert_eq!(shop.sales().await.len(), 6);
}
