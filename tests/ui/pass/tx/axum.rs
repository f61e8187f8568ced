//! Effects and answer commit together, or the effects are rolled back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent;
use idem_core::tx::SqliteTx;

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays, runs_again};

#[derive(Clone)]
struct App {
    runs: &'static Runs,
}

static RUNS: Runs = Runs::new();

#[idempotent]
async fn pay(
    State(app): State<App>,
    #[tx] tx: &mut SqliteTx<'_>,
    Json(what): Json<String>,
) -> Result<(StatusCode, String), (StatusCode, String)> {
    let run = app.runs.next();
    let failed = |error: sqlx::Error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    sqlx::query("INSERT INTO sale VALUES ($1)").bind(&what).execute(&mut **tx).await.map_err(failed)?;
    sell(tx, &format!("{what} {run}")).await.map_err(failed)?;
    match what.as_str() {
        "air" => Err((StatusCode::UNPROCESSABLE_ENTITY, format!("no {run}"))),
        "fire" => Err((StatusCode::BAD_GATEWAY, format!("later {run}"))),
        _ => Ok((StatusCode::CREATED, format!("sold {run}"))),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(pay)).with_state(App { runs: &RUNS }));
    assert_eq!(replays(&app, &Call::post("/").key("k").json("\"tea\"")).await.body, "sold 1");
    assert_eq!(shop.sales().await, ["tea", "tea 1"]);
    assert_eq!(replays(&app, &Call::post("/").key("k-2").json("\"air\"")).await.body, "no 2");
    let [first, second] = runs_again(&app, &Call::post("/").key("k-3").json("\"fire\"")).await;
    assert_eq!((first.body.as_str(), second.body.as_str()), ("later 3", "later 4"));
    assert_eq!(shop.sales().await, ["tea", "tea 1"]);
}
