//! A mark counts in a transaction around any error: no retry after a conflict, and the key does not become free.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::{MayConflict, OperationKey, SqliteTx};
use idem_core::{Ambiguous, Final, Idem, NoEffect, Refused, idempotent};

use crate::database::{Shop, sell};
use crate::support::{Call, Runs};

static RUNS: Runs = Runs::new();

/// A conflict that serde does not know.
#[derive(Debug)]
enum Bank {
    Conflict,
    Refused(Refused),
}

impl From<Refused> for Bank {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl MayConflict for Bank {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

impl<E: MayConflict> MayConflict for Wrapped<E> {
    fn is_conflict(&self) -> bool {
        self.0.is_conflict()
    }
}

struct Wrapped<E>(E);

impl IntoResponse for Bank {
    fn into_response(self) -> Response {
        StatusCode::BAD_GATEWAY.into_response()
    }
}

impl<E: IntoResponse> IntoResponse for Wrapped<E> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

#[idempotent(with = idem, key = order, name = "ambiguous")]
async fn ambiguous(
    idem: &Idem<SqliteStore>,
    order: u64,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Ambiguous<Bank>> {
    sell(tx, &format!("ambiguous {}", RUNS.next())).await.unwrap();
    Err(Ambiguous(Bank::Conflict))
}

#[idempotent(with = idem, key = order, name = "no-effect", on_error = store)]
async fn no_effect(
    idem: &Idem<SqliteStore>,
    order: u64,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, NoEffect<Bank>> {
    sell(tx, &format!("no effect {}", RUNS.next())).await.unwrap();
    Err(NoEffect(Bank::Conflict))
}

/// `store_if` takes no mark back.
#[idempotent(with = idem, key = order, name = "unwanted", store_if = Result::is_ok)]
async fn unwanted(
    idem: &Idem<SqliteStore>,
    order: u64,
    #[tx] tx: &mut SqliteTx<'_>,
) -> Result<u64, Ambiguous<Bank>> {
    sell(tx, &format!("unwanted {}", RUNS.next())).await.unwrap();
    Err(Ambiguous(Bank::Refused(Refused::KeyExpired)))
}

#[idempotent(store_if = |response: &Response| response.status().is_success())]
async fn unwanted_answer(#[tx] tx: &mut SqliteTx<'_>) -> Result<String, Ambiguous<Bank>> {
    sell(tx, &format!("unwanted {}", RUNS.next())).await.unwrap();
    Err(Ambiguous(Bank::Refused(Refused::KeyExpired)))
}

/// A conflict, seen behind an alias whose other half has no name.
type Answer<T, E = Wrapped<Bank>> = Result<T, E>;

#[idempotent(tx_retries = 3)]
async fn retried(#[tx] tx: &mut SqliteTx<'_>) -> Answer<impl IntoResponse> {
    sell(tx, &format!("retried {}", RUNS.next())).await.unwrap();
    Answer::<&str>::Err(Wrapped(Bank::Conflict))
}

/// Here the error type has no name.
#[idempotent(tx_retries = 2)]
async fn hidden(#[tx] tx: &mut SqliteTx<'_>) -> Answer<String, impl IntoResponse> {
    sell(tx, &format!("hidden {}", RUNS.next())).await.unwrap();
    Err(Wrapped(Bank::Conflict))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let shop = Shop::new().await;
    let is_unknown = |refused| matches!(refused, Bank::Refused(Refused::OutcomeUnknown));
    assert!(matches!(ambiguous(&shop.idem, 1).await, Err(Ambiguous(Bank::Conflict))));
    assert!(is_unknown(ambiguous(&shop.idem, 1).await.unwrap_err().0));
    assert_eq!(RUNS.total(), 1);
    for _ in 0..2 {
        assert!(matches!(no_effect(&shop.idem, 1).await, Err(NoEffect(_))));
    }
    assert_eq!(RUNS.total(), 3);
    let app = shop.serve(Router::new().route("/retried", post(retried)).route("/hidden", post(hidden)));
    Call::post("/retried").key("k").send(&app).await.is_problem("transaction-conflict");
    assert_eq!(RUNS.total(), 7, "once, and three times more");
    Call::post("/hidden").key("k").send(&app).await.is_problem("transaction-conflict");
    assert_eq!(RUNS.total(), 10, "once, and twice more");
    assert!(!is_unknown(unwanted(&shop.idem, 1).await.unwrap_err().0));
    assert!(is_unknown(unwanted(&shop.idem, 1).await.unwrap_err().0));
    let app = shop.serve(Router::new().route("/", post(unwanted_answer)));
    assert_eq!(Call::post("/").key("k").send(&app).await.status, StatusCode::BAD_GATEWAY);
    Call::post("/").key("k").send(&app).await.is_problem("outcome-unknown");
    assert_eq!(RUNS.total(), 12);
    assert!(shop.sales().await.is_empty());
}

/// The same without a macro, where no type is asked.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_attribute_a_mark_counts_too() {
    let shop = Shop::new().await;
    let key = || OperationKey::new("by-hand", "k");
    let first = shop.idem.transaction(key(), async |_| Err::<u8, _>(Ambiguous(Bank::Conflict))).await;
    assert!(matches!(first, Err(Ambiguous(Bank::Conflict))));
    let second: Result<u8, Bank> = shop.idem.transaction(key(), async |_| Ok(1)).await;
    assert!(matches!(second, Err(Bank::Refused(Refused::OutcomeUnknown))), "{second:?}");

    let key = || OperationKey::new("by-hand", "k-2");
    let first = shop.idem.transaction(key(), async |_| Err::<u8, _>(Final(Bank::Conflict))).await;
    assert!(matches!(first, Err(Final(Bank::Conflict))));
    let second: Result<u8, Bank> = shop.idem.transaction(key(), async |_| Ok(1)).await;
    assert!(matches!(second, Err(Bank::Refused(Refused::ResultUnavailable(_)))), "{second:?}");

    let key = || OperationKey::new("by-hand", "k-3");
    let first = shop.idem.transaction(key(), async |_| Err::<u8, _>(NoEffect(Bank::Conflict))).await;
    assert!(matches!(first, Err(NoEffect(Bank::Conflict))));
    assert!(matches!(shop.idem.transaction::<_, Bank>(key(), async |_| Ok(1)).await, Ok(1)));
}
