//! A handler that panics: its outcome is unknown, unless the handler is declared safe to run again.

use axum::Router;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, runs_again, serve};

static RUNS: Runs = Runs::new();

#[idempotent(after_crash = unknown)]
async fn careful() -> String {
    panic!("run {}", RUNS.next())
}

#[idempotent(after_crash = rerun)]
async fn repeatable() -> String {
    let run = RUNS.next();
    assert!(run > 2, "run {run}");
    run.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/careful", post(careful)).route("/repeatable", post(repeatable)));

    for answer in runs_again(&app, &Call::post("/careful").key("k")).await {
        answer.is_problem("outcome-unknown");
    }
    assert_eq!(RUNS.total(), 1);

    let [crashed, done] = runs_again(&app, &Call::post("/repeatable").key("k")).await;
    crashed.is_problem("handler-panicked");
    assert_eq!(done.body, "3");
}
