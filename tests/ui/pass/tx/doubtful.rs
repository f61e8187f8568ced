//! An error after which something may have happened elsewhere never makes the body run again, conflict or not.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::{MayConflict, SqliteTx};
use idem_core::{Ambiguous, Classify, ErrorClass, Idem, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs, runs_again};

static RUNS: Runs = Runs::new();

/// A conflict, after the bank was called.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Failed {
    Late,
    Refused(String),
}

impl MayConflict for Failed {
    fn is_conflict(&self) -> bool {
        *self == Self::Late
    }
}

impl Classify for Failed {
    fn class(&self) -> ErrorClass {
        ErrorClass::Ambiguous
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.code().to_owned())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        Ambiguous(StatusCode::BAD_GATEWAY).into_response()
    }
}

struct Unmarked;

impl MayConflict for Unmarked {
    fn is_conflict(&self) -> bool {
        true
    }
}

impl IntoResponse for Unmarked {
    fn into_response(self) -> Response {
        StatusCode::BAD_GATEWAY.into_response()
    }
}

#[idempotent(tx_retries = 3)]
async fn marked(#[tx] tx: &mut SqliteTx<'_>) -> Result<String, Failed> {
    sell(tx, "tea").await.unwrap();
    RUNS.next();
    Err(Failed::Late)
}

#[idempotent(on_error = unknown)]
async fn by_policy(#[tx] tx: &mut SqliteTx<'_>) -> Result<String, Unmarked> {
    sell(tx, "tea").await.unwrap();
    RUNS.next();
    Err(Unmarked)
}

#[idempotent(with = idem, key = order, name = "sell", tx_retries = 3)]
async fn plain(idem: &Idem<SqliteStore>, order: u64, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, Failed> {
    sell(tx, "tea").await.unwrap();
    RUNS.next();
    Err(Failed::Late)
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let app = shop.serve(Router::new().route("/marked", post(marked)).route("/by-policy", post(by_policy)));
    for (path, runs) in [("/marked", 1), ("/by-policy", 2)] {
        let [first, second] = runs_again(&app, &Call::post(path).key("k")).await;
        assert_eq!(first.status, StatusCode::BAD_GATEWAY);
        second.is_problem("outcome-unknown");
        assert_eq!(RUNS.total(), runs);
    }
    assert_eq!(plain(&shop.idem, 1).await, Err(Failed::Late));
    assert_eq!(plain(&shop.idem, 1).await, Err(Failed::Refused("outcome-unknown".to_owned())));
    assert_eq!(RUNS.total(), 3);
    assert!(shop.sales().await.is_empty());
}
