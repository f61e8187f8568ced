//! What counts as the same request: here the meaning of a JSON body without its time stamp.

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use idem_core::fingerprint::CanonicalJson;
use idem_core::idempotent;

use crate::support::{Call, Runs, Source, serve};

static RUNS: Runs = Runs::new();

#[idempotent(fingerprint = CanonicalJson::new(&body).ignoring("at"))]
async fn pay(body: Bytes) -> String {
    format!("{} bytes, run {}", body.len(), RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)));
    let call = |body: &str| Call::post("/").key("k").json(body);

    let first = call(r#"{"amount":5,"to":"x","at":1}"#).send(&app).await;
    let same = call(r#"{ "to": "x", "at": 2, "amount": 5 }"#).send(&app).await;
    assert_eq!((same.source, same.body), (Source::Record, first.body));
    call(r#"{"amount":6,"to":"x","at":1}"#).send(&app).await.is_problem("idempotency-key-reused");
    call("no json").send(&app).await.is_problem("fingerprint-invalid");
    assert_eq!(RUNS.total(), 1);
}
