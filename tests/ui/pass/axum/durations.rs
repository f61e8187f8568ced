//! All spans at once; with `wait`, a duplicate of a running operation gets its answer.

use std::sync::Arc;

use axum::routing::post;
use axum::{Extension, Router};
use idem_core::idempotent;
use tokio::sync::Notify;

use crate::support::{Call, Runs, Source, serve};

static RUNS: Runs = Runs::new();

#[derive(Clone, Default)]
struct Gate {
    entered: Arc<Notify>,
    open: Arc<Notify>,
}

#[idempotent(ttl = "7d", lease = "1500ms", wait = "5m", max_run = "2h")]
async fn pay(Extension(gate): Extension<Gate>) -> String {
    gate.entered.notify_one();
    gate.open.notified().await;
    RUNS.next().to_string()
}

#[tokio::test]
async fn passes() {
    let gate = Gate::default();
    let app = serve(Router::new().route("/", post(pay)).layer(Extension(gate.clone())));
    let call = Call::post("/").key("k");

    let owner = tokio::spawn({
        let (app, call) = (app.clone(), call.clone());
        async move { call.send(&app).await }
    });
    gate.entered.notified().await;
    let (duplicate, ()) = tokio::join!(call.send(&app), async { gate.open.notify_one() });

    assert_eq!((duplicate.source, duplicate.body.as_str()), (Source::Record, "1"));
    assert_eq!(owner.await.unwrap().source, Source::Handler);
    assert_eq!(RUNS.total(), 1);
}
