//! Two tenants may use the same key.

use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent(scope = tenant, name = "pay")]
async fn pay(Path(tenant): Path<String>) -> String {
    format!("{tenant} {}", RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/{tenant}", post(pay)));
    assert_eq!(replays(&app, &Call::post("/acme").key("k")).await.body, "acme 1");
    assert_eq!(replays(&app, &Call::post("/zeta").key("k")).await.body, "zeta 2");
}
