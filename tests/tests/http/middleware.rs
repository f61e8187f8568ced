//! Middleware between idem's layer and the handler that reads the body first, as a logger or a signature check does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};

use crate::support::{ask, json_post, problem_code};

async fn reads_first(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    next.run(Request::from_parts(parts, Body::from(body))).await
}

#[idempotent]
async fn pay(State(runs): State<Arc<AtomicU32>>, body: Bytes) -> String {
    format!("{}: {}", runs.fetch_add(1, Ordering::SeqCst) + 1, body.len())
}

#[tokio::test]
async fn a_body_that_was_read_before_the_handler_still_counts() {
    let runs = Arc::new(AtomicU32::new(0));
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
    let app = Router::new()
        .route("/", post(pay))
        .layer(from_fn(reads_first))
        .layer(idem.layer())
        .with_state(Arc::clone(&runs));
    for (key, len) in [("small", 5), ("large", 100_000)] {
        let body = vec![b'x'; len];
        let mut other = body.clone();
        other[len - 1] = b'y';
        let first = ask(&app, json_post("/", key, body.clone())).await;
        let again = ask(&app, json_post("/", key, body)).await;
        assert_eq!(again.body(), first.body());
        assert_eq!(problem_code(&ask(&app, json_post("/", key, other)).await), "idempotency-key-reused");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}
