//! A predicate over the response, as a closure and as a path.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, runs_again, serve};

static RUNS: Runs = Runs::new();

fn status(code: u16) -> (StatusCode, String) {
    (StatusCode::from_u16(code).unwrap(), RUNS.next().to_string())
}

#[idempotent(store_if = |response| response.status().is_success())]
async fn closure(Path(code): Path<u16>) -> (StatusCode, String) {
    status(code)
}

#[idempotent(store_if = wanted)]
async fn path(Path(code): Path<u16>) -> (StatusCode, String) {
    status(code)
}

fn wanted(response: &Response) -> bool {
    response.status() != StatusCode::NOT_FOUND
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/closure/{code}", post(closure)).route("/path/{code}", post(path)));
    for (path, again) in [("/closure/404", "/closure/201"), ("/path/404", "/path/409")] {
        let [first, second] = runs_again(&app, &Call::post(path).key("k")).await;
        assert_ne!(first.body, second.body);
        replays(&app, &Call::post(again).key("k")).await;
    }
    assert_eq!(RUNS.total(), 6);
}
