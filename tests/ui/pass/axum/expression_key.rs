//! The key is in the payload, and the operation has a name: a webhook. Its body may change from
//! delivery to delivery, its path may not.

use axum::routing::post;
use axum::{Json, Router};
use idem_core::idempotent;
use serde::Deserialize;

use crate::support::{Call, Runs, Source, replays, serve};

static RUNS: Runs = Runs::new();

#[derive(Deserialize)]
struct Event {
    id: String,
    kind: String,
}

#[idempotent(key = event.id, name = "events")]
async fn on_event(Json(event): Json<Event>) -> String {
    // The key borrowed its part: the body owns the whole.
    let Event { id, kind } = event;
    format!("{id} {kind} {}", RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/v1", post(on_event)).route("/v2", post(on_event)));
    let event = r#"{"id":"evt_1","kind":"paid"}"#;
    assert_eq!(replays(&app, &Call::post("/v1").json(event)).await.body, "evt_1 paid 1");

    let again = Call::post("/v1").json(r#"{"id":"evt_1","kind":"paid","attempt":2}"#).send(&app).await;
    assert_eq!((again.source, again.body.as_str()), (Source::Record, "evt_1 paid 1"));
    Call::post("/v2").json(event).send(&app).await.is_problem("idempotency-key-reused");
    assert_eq!(RUNS.total(), 1);
}
