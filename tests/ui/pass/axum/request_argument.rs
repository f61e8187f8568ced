//! A handler that takes the whole request. Its key says what is asked for, so its body is not read before.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, Source, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent(key = request.headers()["x-event"].to_str().unwrap_or_default())]
async fn on_event(mut request: Request) -> String {
    request.headers_mut().clear();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    format!("{} bytes, run {}", body.len(), RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(on_event)));
    let call = Call::post("/").header("x-event", "evt_1");
    assert_eq!(replays(&app, &call.clone().body("12345")).await.body, "5 bytes, run 1");
    let again = call.body("54321").send(&app).await;
    assert_eq!((again.source, again.body.as_str()), (Source::Record, "5 bytes, run 1"));
}
