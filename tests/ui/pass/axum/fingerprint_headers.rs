//! A header field that changes what a request means is part of the request.

use axum::Router;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent(name = "pay", fingerprint_headers = ["x-dry-run"])]
async fn pay(body: String) -> String {
    format!("{body} {}", RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)));
    let call = Call::post("/").key("k").body("5");
    assert_eq!(replays(&app, &call).await.body, "5 1");
    call.clone().header("x-dry-run", "1").send(&app).await.is_problem("idempotency-key-reused");
    assert_eq!(RUNS.total(), 1);
}
