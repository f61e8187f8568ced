//! What counts in a request whose handler gets a transaction.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body_util::BodyExt;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Scope, idempotent};
use sqlx::Sqlite;
use tower::ServiceExt;

use crate::world::{App, World};

fn run(app: &App) -> String {
    app.runs.fetch_add(1, Ordering::SeqCst).to_string()
}

/// This handler's records are those of the version before for a handler whose key is an expression: the body counts.
#[idempotent]
async fn before(#[tx] _: &mut SqliteTx<'_>, State(app): State<App>, _: String) -> String {
    run(&app)
}

#[idempotent(key = body.get(..1).unwrap_or_default())]
async fn keyed(#[tx] _: &mut SqliteTx<'_>, State(app): State<App>, body: String) -> String {
    run(&app)
}

#[idempotent(name = "pay")]
async fn named(#[tx] _: &mut SqliteTx<'_>, State(app): State<App>, Path(_): Path<u32>) -> String {
    run(&app)
}

#[idempotent(name = "pay")]
async fn named_too(#[tx] _: &mut SqliteTx<'_>, State(app): State<App>) -> String {
    run(&app)
}

async fn send(app: &Router, path: &str, body: &str) -> Response<Bytes> {
    let request =
        Request::post(path).header("idempotency-key", "k").body(Body::from(body.to_owned())).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

fn is_replay(response: &Response<Bytes>) -> bool {
    response.headers().contains_key("idempotent-replayed")
}

fn says(response: &Response<Bytes>, code: &str) -> bool {
    String::from_utf8_lossy(response.body()).contains(&format!("\"{code}\""))
}

#[tokio::test]
async fn a_delivery_may_differ_also_from_a_record_of_the_version_before() {
    let Some(world) = World::<Sqlite>::new().await else { return };
    let store = world.store().await;
    let serve = |handler| {
        let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).build();
        Router::new().route("/pay", handler).layer(idem.layer()).with_state(world.app.clone())
    };
    assert_eq!(send(&serve(post(before)), "/pay", "k 1").await.body(), "0");
    let after = serve(post(keyed));
    for body in ["k 1", "k 2"] {
        let again = send(&after, "/pay", body).await;
        assert!(is_replay(&again), "{again:?}");
        assert_eq!(again.body(), "0");
    }
    assert_eq!(send(&after, "/pay", "l 1").await.body(), "1");
    assert!(is_replay(&send(&after, "/pay", "l 2").await));
    assert!(says(&send(&after, "/pay?a", "l 3").await, "idempotency-key-reused"));
    assert_eq!(world.app.runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn under_a_name_the_path_counts_and_the_name_is_one_functions() {
    let Some(world) = World::<Sqlite>::new().await else { return };
    let idem = Idem::builder(world.store().await).scope(Scope::public()).build();
    let router = Router::new().route("/orders/{id}", post(named)).route("/other", post(named_too));
    let app = router.layer(idem.layer()).with_state(world.app.clone());
    assert_eq!(send(&app, "/orders/1", "").await.body(), "0");
    assert!(is_replay(&send(&app, "/orders/%31", "").await));
    assert!(says(&send(&app, "/orders/2", "").await, "idempotency-key-reused"));
    assert!(says(&send(&app, "/other", "").await, "misconfigured"));
    assert_eq!(world.app.runs.load(Ordering::SeqCst), 1);
}
