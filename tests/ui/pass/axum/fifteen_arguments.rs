//! As many arguments as axum takes beside idem's own.

use axum::Router;
use axum::http::Method as M;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

#[idempotent]
#[rustfmt::skip]
async fn pay(a: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, _: M, body: String) -> String {
    format!("{a} {body} {}", RUNS.next())
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)));
    assert_eq!(replays(&app, &Call::post("/").key("k").body("all")).await.body, "POST all 1");
}
