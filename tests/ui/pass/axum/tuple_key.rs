//! A key of several parts, borrowed and computed.

use axum::extract::Path;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent;
use serde::Deserialize;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[derive(Deserialize)]
struct New {
    account: String,
    order: String,
}

#[idempotent(key = (&new.account, new.order.to_lowercase()), fingerprint = ())]
async fn pay(Json(new): Json<New>) -> String {
    format!("{} {} {}", new.account, new.order, RUNS.next())
}

/// The parts are borrowed, so the body still has them.
#[idempotent(key = (order, line), name = "line")]
async fn line(Path((order, line)): Path<(String, u64)>) -> String {
    format!("{order} {line} {}", RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)).route("/{order}/{line}", post(line)));
    let call = |account: &str, order: &str| {
        Call::post("/").json(&format!(r#"{{"account":"{account}","order":"{order}"}}"#))
    };
    assert_eq!(replays(&app, &call("a", "bc")).await.body, "a bc 1");
    assert_eq!(replays(&app, &Call::post("/tea/1")).await.body, "tea 1 2");
    // The same letters, cut elsewhere.
    assert_eq!(replays(&app, &call("ab", "c")).await.body, "ab c 3");
    assert_eq!(call("a", "BC").send(&app).await.body, "a bc 1");
}
