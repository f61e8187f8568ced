//! A handler that a declarative macro writes: types, keys and spans come from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

macro_rules! handler {
    ($name:ident, $ty:ty, $id:ident => $key:expr, $ttl:literal) => {
        #[idempotent(key = $key, ttl = $ttl)]
        async fn $name(Path($id): Path<$ty>) -> String {
            format!("{} {}", $id, RUNS.next())
        }
    };
}

handler!(by_number, u64, id => id, "1h");
handler!(by_text, String, id => id.trim_end_matches('x'), "1d");

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/a/{id}", post(by_number)).route("/b/{id}", post(by_text)));
    assert_eq!(replays(&app, &Call::post("/a/7")).await.body, "7 1");
    assert_eq!(replays(&app, &Call::post("/b/7xx")).await.body, "7xx 2");
}
