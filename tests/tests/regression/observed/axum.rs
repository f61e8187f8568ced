//! The numbers of handlers, with and without the attribute.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use idem_core::store::memory::MemoryStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Scope, idempotent};

use super::recorded::{CALLS, of, recorded};
use super::superseding::Superseding;
use super::tx::store;
use crate::support::{ask, json_post};

fn status(wish: &str) -> StatusCode {
    match wish {
        "busy" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::CREATED,
    }
}

#[idempotent(optional)]
async fn pay(Path(wish): Path<String>, body: String) -> (StatusCode, String) {
    (status(&wish), body)
}

#[idempotent(on_error = unknown, name = "doubtful-handler")]
async fn doubt(Path(wish): Path<String>) -> StatusCode {
    status(&wish)
}

#[idempotent(name = "panicking-handler")]
async fn panic() -> StatusCode {
    std::panic::resume_unwind(Box::new("the handler panicked"))
}

#[idempotent(optional)]
async fn read() -> &'static str {
    "nothing changes"
}

#[idempotent(optional)]
async fn pay_in_tx(
    Path(wish): Path<String>,
    #[tx] tx: &mut SqliteTx<'_>,
    body: String,
) -> (StatusCode, String) {
    let _ = tx;
    (status(&wish), body)
}

#[idempotent(on_error = unknown, name = "doubtful-transaction")]
async fn doubt_in_tx(Path(wish): Path<String>, #[tx] tx: &mut SqliteTx<'_>) -> StatusCode {
    let _ = tx;
    status(&wish)
}

#[idempotent(name = "panicking-transaction")]
async fn panic_in_tx(#[tx] tx: &mut SqliteTx<'_>) -> StatusCode {
    let _ = tx;
    std::panic::resume_unwind(Box::new("the handler panicked"))
}

/// Its status, by a path, a key and a body.
async fn told(app: &Router, path: &str, key: Option<&str>, body: &'static str) -> u16 {
    let mut request = json_post(path, key.unwrap_or_default(), body);
    if key.is_none() {
        request.headers_mut().remove("idempotency-key");
    }
    ask(app, request).await.status().as_u16()
}

/// The same calls for every form.
async fn script(app: &Router) {
    for _ in 0..3 {
        assert_eq!(told(app, "/pay/well", Some("a"), "7").await, 201);
    }
    assert_eq!(told(app, "/pay/well", Some("a"), "8").await, 400);
    for _ in 0..2 {
        assert_eq!(told(app, "/pay/busy", Some("b"), "7").await, 503);
    }
    for _ in 0..4 {
        assert_eq!(told(app, "/pay/well", None, "7").await, 201);
    }
    assert_eq!(told(app, "/pay/well", Some("a, b"), "7").await, 400);
    assert_eq!(told(app, "/doubt/busy", Some("a"), "").await, 503);
    for _ in 0..2 {
        assert_eq!(told(app, "/doubt/busy", Some("a"), "").await, 409);
    }
    assert_eq!(told(app, "/doubt/well", None, "").await, 400);
    assert_eq!(told(app, "/panic", Some("a"), "").await, 500);
}

#[test]
fn handlers_are_counted_by_how_they_ended() {
    let lines = recorded(async {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
        let app = Router::new()
            .route("/pay/{wish}", post(pay))
            .route("/doubt/{wish}", post(doubt))
            .route("/panic", post(panic))
            .route("/read", get(read))
            .layer(idem.layer());
        script(&app).await;
        assert_eq!(told(&app, "/panic", Some("a"), "").await, 409);
    });
    let counted = [
        "idem_attempts_total operation=POST /pay/{wish} repeated=false: 2",
        "idem_attempts_total operation=POST /pay/{wish} repeated=true: 1",
        "idem_attempts_total operation=doubtful-handler repeated=false: 1",
        "idem_attempts_total operation=panicking-handler repeated=false: 1",
        "idem_operations_total operation=POST /pay/{wish} outcome=completed: 1",
        "idem_operations_total operation=POST /pay/{wish} outcome=refused: 1",
        "idem_operations_total operation=POST /pay/{wish} outcome=released: 2",
        "idem_operations_total operation=POST /pay/{wish} outcome=replayed: 2",
        "idem_operations_total operation=doubtful-handler outcome=refused: 3",
        "idem_operations_total operation=doubtful-handler outcome=unknown: 1",
        "idem_operations_total operation=other outcome=refused: 1",
        "idem_operations_total operation=other outcome=unprotected: 4",
        "idem_operations_total operation=panicking-handler outcome=refused: 1",
        "idem_operations_total operation=panicking-handler outcome=unknown: 1",
        "idem_refusals_total code=idempotency-key-invalid operation=other: 1",
        "idem_refusals_total code=idempotency-key-missing operation=doubtful-handler: 1",
        "idem_refusals_total code=idempotency-key-reused operation=POST /pay/{wish}: 1",
        "idem_refusals_total code=outcome-unknown operation=doubtful-handler: 2",
        "idem_refusals_total code=outcome-unknown operation=panicking-handler: 1",
        "idem_wait_seconds operation=POST /pay/{wish}: 6 values",
        "idem_wait_seconds operation=doubtful-handler: 3 values",
        "idem_wait_seconds operation=panicking-handler: 2 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

/// A handler that panics in a transaction leaves nothing behind, so its key is free.
#[test]
fn handlers_in_transactions_are_counted_by_how_they_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("idem.db");
    let lines = recorded(async {
        let (pool, store) = store(&path).await;
        let idem = Idem::builder(store).scope(Scope::header("x-account")).build();
        let app = Router::new()
            .route("/pay/{wish}", post(pay_in_tx))
            .route("/doubt/{wish}", post(doubt_in_tx))
            .route("/panic", post(panic_in_tx))
            .layer(idem.layer());
        script(&app).await;
        pool.close().await;
    });
    let counted = [
        "idem_attempts_total operation=POST /pay/{wish} repeated=false: 3",
        "idem_attempts_total operation=doubtful-transaction repeated=false: 1",
        "idem_attempts_total operation=panicking-transaction repeated=false: 1",
        "idem_operations_total operation=POST /pay/{wish} outcome=completed: 1",
        "idem_operations_total operation=POST /pay/{wish} outcome=refused: 1",
        "idem_operations_total operation=POST /pay/{wish} outcome=released: 2",
        "idem_operations_total operation=POST /pay/{wish} outcome=replayed: 2",
        "idem_operations_total operation=doubtful-transaction outcome=refused: 3",
        "idem_operations_total operation=doubtful-transaction outcome=unknown: 1",
        "idem_operations_total operation=other outcome=refused: 1",
        "idem_operations_total operation=other outcome=unprotected: 4",
        "idem_operations_total operation=panicking-transaction outcome=released: 1",
        "idem_refusals_total code=idempotency-key-invalid operation=other: 1",
        "idem_refusals_total code=idempotency-key-missing operation=doubtful-transaction: 1",
        "idem_refusals_total code=idempotency-key-reused operation=POST /pay/{wish}: 1",
        "idem_refusals_total code=outcome-unknown operation=doubtful-transaction: 2",
        "idem_wait_seconds operation=POST /pay/{wish}: 6 values",
        "idem_wait_seconds operation=doubtful-transaction: 3 values",
        "idem_wait_seconds operation=panicking-transaction: 1 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

/// There is no layer that could tell an operation.
#[test]
fn a_router_without_its_layer_is_counted() {
    let lines = recorded(async {
        let app = Router::new().route("/pay/{wish}", post(pay)).route("/tx/{wish}", post(doubt_in_tx));
        for path in ["/pay/well", "/tx/well"] {
            assert_eq!(told(&app, path, Some("a"), "").await, 500);
        }
    });
    let counted = [
        "idem_operations_total operation=other outcome=refused: 2",
        "idem_refusals_total code=misconfigured operation=other: 2",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}

/// Its record is another attempt's by the time it is marked as unknown. The caller gets the other answer, and the call is
/// counted once, as one that lost its claim.
#[test]
fn a_transaction_that_is_superseded_while_it_marks_itself_unknown_is_counted_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("idem.db");
    let lines = recorded(async {
        let (pool, store) = store(&path).await;
        let store = Superseding(Arc::new(store));
        let idem = Idem::builder(store).scope(Scope::header("x-account")).build();
        let app = Router::new().route("/doubt/{wish}", post(doubt_in_tx)).layer(idem.layer());
        assert_eq!(told(&app, "/doubt/busy", Some("a"), "").await, 202);
        pool.close().await;
    });
    let counted = [
        "idem_attempts_total operation=doubtful-transaction repeated=false: 1",
        "idem_operations_total operation=doubtful-transaction outcome=lost: 1",
        "idem_wait_seconds operation=doubtful-transaction: 1 values",
    ];
    assert_eq!(of(&lines, &CALLS), counted);
}
