//! Arguments taken apart, ignored and nested; the key uses what a pattern binds.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method};
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent;
use serde::Deserialize;

use crate::support::{Call, Runs, replays, serve};

#[derive(Clone)]
struct App {
    bank: &'static str,
    runs: &'static Runs,
}

#[derive(Deserialize)]
struct New {
    amount: u64,
    #[serde(rename = "ref")]
    reference: String,
    memo: Option<String>,
}

static RUNS: Runs = Runs::new();

#[idempotent(key = reference)]
async fn pay(
    _: Method,
    HeaderMap { .. }: HeaderMap,
    State(App { bank, runs }): State<App>,
    Path((account, _)): Path<(u64, String)>,
    Query(_unused): Query<Vec<(String, String)>>,
    Json(New { amount, mut reference, memo, .. }): Json<New>,
) -> String {
    reference.push('!');
    format!("{bank} {account} {amount} {reference} {memo:?} {}", runs.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let router = Router::new().route("/{account}/{kind}", post(pay));
    let app = serve(router.with_state(App { bank: "north", runs: &RUNS }));
    let call = Call::post("/7/credit").json(r#"{"amount":5,"ref":"r-1","memo":null}"#);
    assert_eq!(replays(&app, &call).await.body, "north 7 5 r-1! None 1");
    assert_eq!(RUNS.total(), 1);
}
