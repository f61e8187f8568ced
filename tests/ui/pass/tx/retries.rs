//! A body that met a conflict runs again, with the arguments as they came.

#![forbid(unused_mut)]

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::{MayConflict, SqliteTx};
use idem_core::{Idem, Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays, runs_again};

static RUNS: Runs = Runs::new();

#[derive(Debug, PartialEq, Eq)]
enum Failed {
    Conflict,
    Refused(&'static str),
}

impl MayConflict for Failed {
    fn is_conflict(&self) -> bool {
        *self == Self::Conflict
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.code())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Fails on the first run of three.
fn nearly() -> Result<u64, Failed> {
    let run = RUNS.next();
    if run % 3 == 1 { Err(Failed::Conflict) } else { Ok(run) }
}

#[idempotent(tx_retries = 2, store_if = |_| kept, commit_on = |reply| reply.status() != 418 && count == 7)]
async fn pay(
    Path((kept, count)): Path<(bool, u64)>,
    #[tx] tx: &mut SqliteTx<'_>,
    Json(mut things): Json<Vec<String>>,
) -> Result<impl IntoResponse, Failed> {
    // The first run's change is not seen by the second.
    things.push("milk".to_owned());
    for thing in &things {
        sell(tx, thing).await.unwrap();
    }
    let run = nearly()?;
    Ok((StatusCode::CREATED, format!("{things:?} {run}")))
}

#[idempotent]
async fn once(#[tx] tx: &mut SqliteTx<'_>) -> Result<String, Failed> {
    sell(tx, "sugar").await.unwrap();
    Ok(nearly()?.to_string())
}

struct Till {
    idem: Idem<SqliteStore>,
}

impl Till {
    #[idempotent(with = self.idem, key = order, name = "sell", tx_retries = 1, store_if = |_| order < 9)]
    async fn sell(&self, order: u64, mut what: String, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, Failed> {
        what.push('!');
        sell(tx, &what).await.unwrap();
        nearly()
    }
}

#[idempotent(with = till.idem, key = order, name = "detached", tx_retries = 100, detach)]
async fn detached(
    till: Arc<Till>,
    order: u64,
    _: Vec<u8>,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Failed> {
    sell(tx, "salt").await.unwrap();
    nearly()
}

// What `tokio::test` makes is not allowed here.
#[test]
fn passes() {
    tokio::runtime::Runtime::new().unwrap().block_on(everything_replays());
}

async fn everything_replays() {
    let shop = Shop::new().await;
    let router = Router::new().route("/{kept}/{count}", post(pay)).route("/once", post(once));
    let app = shop.serve(router);
    let call = Call::post("/true/7").key("k").json("[\"tea\"]");
    assert_eq!(replays(&app, &call).await.body, "[\"tea\", \"milk\"] 2");
    assert_eq!(shop.sales().await, ["tea", "milk"]);

    // Without retries the caller is told to come again.
    RUNS.next();
    let [first, second] = runs_again(&app, &Call::post("/once").key("k-2")).await;
    assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE);
    first.is_problem("transaction-conflict");
    assert_eq!((second.status, second.body.as_str()), (StatusCode::OK, "5"));

    RUNS.next();
    let till = Arc::new(Till { idem: shop.idem.clone() });
    for _ in 0..2 {
        assert_eq!(till.sell(1, "bread".to_owned()).await, Ok(8));
    }
    RUNS.next();
    for _ in 0..2 {
        assert_eq!(detached(Arc::clone(&till), 1, Vec::new()).await, Ok(11));
    }
    assert_eq!(shop.sales().await, ["tea", "milk", "sugar", "bread!", "salt"]);
}
