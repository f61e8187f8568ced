//! A handler that takes the body itself, used or not.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent]
async fn read(body: Body) -> String {
    let body = to_bytes(body, usize::MAX).await.unwrap();
    format!("{} bytes, run {}", body.len(), RUNS.next())
}

#[idempotent]
async fn unread(_: Body) -> String {
    RUNS.next().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/read", post(read)).route("/unread", post(unread)));
    let call = |path| Call::post(path).key("k");
    assert_eq!(replays(&app, &call("/read").body("12345")).await.body, "5 bytes, run 1");
    assert_eq!(replays(&app, &call("/unread").body("12345")).await.body, "2");
    for path in ["/read", "/unread"] {
        call(path).body("54321").send(&app).await.is_problem("idempotency-key-reused");
    }
}
