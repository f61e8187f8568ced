//! The key is the `Idempotency-Key` header; the operation is method and path.

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent;
use serde::{Deserialize, Serialize};

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[derive(Deserialize)]
struct New {
    amount: u64,
}

#[derive(Serialize)]
struct Payment {
    id: u64,
    amount: u64,
}

#[idempotent]
async fn pay(Json(new): Json<New>) -> (StatusCode, Json<Payment>) {
    (StatusCode::CREATED, Json(Payment { id: RUNS.next(), amount: new.amount }))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/a", post(pay)).route("/b", post(pay)));
    let call = Call::post("/a").json(r#"{"amount":5}"#);

    let first = replays(&app, &call.clone().key("k-1")).await;
    assert_eq!((first.status, first.body.as_str()), (StatusCode::CREATED, r#"{"id":1,"amount":5}"#));
    // Another key or another path is another operation.
    assert_eq!(replays(&app, &call.key("k-2")).await.body, r#"{"id":2,"amount":5}"#);
    let other = Call::post("/b").json(r#"{"amount":5}"#).key("k-1");
    assert_eq!(replays(&app, &other).await.body, r#"{"id":3,"amount":5}"#);

    let changed = Call::post("/a").json(r#"{"amount":6}"#).key("k-1").send(&app).await;
    changed.is_problem("idempotency-key-reused");
    Call::post("/a").json(r#"{"amount":5}"#).send(&app).await.is_problem("idempotency-key-missing");
    assert_eq!(RUNS.total(), 3);
}
