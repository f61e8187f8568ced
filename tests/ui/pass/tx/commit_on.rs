//! `commit_on` says which answers commit what was done.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Final, Idem, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, replays};

static RUNS: Runs = Runs::new();

#[idempotent(commit_on = |reply| reply.status() == StatusCode::PAYMENT_REQUIRED)]
async fn pay(#[tx] tx: &mut SqliteTx<'_>, body: String) -> (StatusCode, String) {
    sell(tx, &body).await.unwrap();
    let status = if body == "air" { StatusCode::PAYMENT_REQUIRED } else { StatusCode::CREATED };
    (status, format!("{body} {}", RUNS.next()))
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Refusal(String);

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self(refused.to_string())
    }
}

/// A failed attempt is written down.
#[idempotent(with = idem, key = order, name = "try", commit_on = Result::is_err)]
async fn attempt(
    idem: &Idem<SqliteStore>,
    order: u64,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Final<Refusal>> {
    let run = RUNS.next();
    sell(tx, &format!("attempt {run}")).await.unwrap();
    if order == 0 { Err(Final(Refusal("no such order".to_owned()))) } else { Ok(run) }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/", post(pay)));
    assert_eq!(replays(&app, &Call::post("/").key("k").body("air")).await.body, "air 1");
    assert_eq!(replays(&app, &Call::post("/").key("k-2").body("tea")).await.body, "tea 2");
    assert_eq!(shop.sales().await, ["air"]);
    for _ in 0..2 {
        assert_eq!(attempt(&shop.idem, 1).await, Ok(3));
    }
    assert_eq!(shop.sales().await, ["air"]);
    for _ in 0..2 {
        assert_eq!(attempt(&shop.idem, 0).await, Err(Final(Refusal("no such order".to_owned()))));
    }
    assert_eq!(shop.sales().await, ["air", "attempt 4"]);
}
