//! A handler that belongs to a type, and names it as `Self`.

use axum::Router;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

struct Payments;

impl Payments {
    const RUNS: &'static Runs = {
        static RUNS: Runs = Runs::new();
        &RUNS
    };

    #[idempotent]
    async fn create() -> String {
        Self::run().await
    }

    async fn run() -> String {
        Self::RUNS.next().to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(Payments::create)));
    assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "1");
}
