//! An argument that the body does not name lives as long as the body, even when the caller has gone.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use axum::{Extension, Router};
use idem_core::idempotent;
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::support::serve;

#[derive(Clone, Default)]
struct Gate {
    entered: Arc<Notify>,
    open: Arc<Notify>,
    done: Arc<Notify>,
}

#[derive(Clone)]
struct Permit(Arc<()>);

impl<S: Send + Sync> FromRequestParts<S> for Permit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

#[idempotent]
async fn pay(_: Permit, _permit: Permit, Permit(_): Permit, Extension(gate): Extension<Gate>) {
    gate.entered.notify_one();
    gate.open.notified().await;
    gate.done.notify_one();
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let (gate, permit) = (Gate::default(), Permit(Arc::default()));
    let app = serve(Router::new().route("/", post(pay)).layer(Extension(gate.clone())));
    let mut request = Request::post("/").header("idempotency-key", "k").body(String::new()).unwrap();
    request.extensions_mut().insert(Permit(Arc::clone(&permit.0)));

    let caller = tokio::spawn(app.oneshot(request));
    gate.entered.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    // This one, and the three arguments; the request and its extensions are gone.
    assert_eq!(Arc::strong_count(&permit.0), 4);
    gate.open.notify_one();
    gate.done.notified().await;
}
