//! Handlers of every kind, and routers that are put together in every way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::{Body, BodyDataStream, to_bytes};
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use bytes::Bytes;
use http_body_util::BodyExt;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};

use crate::support::{ask, json_post, problem_code};

/// How often a body ran.
#[derive(Debug, Clone, Default)]
struct Runs(Arc<AtomicU32>);

impl Runs {
    fn next(&self) -> String {
        (self.0.fetch_add(1, Ordering::SeqCst) + 1).to_string()
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

fn idem() -> Idem<MemoryStore> {
    Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).max_request_bytes(1000).build()
}

#[idempotent]
async fn plain(State(runs): State<Runs>) -> String {
    runs.next()
}

#[idempotent]
async fn takes_request(State(runs): State<Runs>, request: Request) -> String {
    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
    format!("{}: {} bytes", runs.next(), body.len())
}

#[idempotent]
async fn takes_body(State(runs): State<Runs>, body: Body) -> String {
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    format!("{}: {} bytes", runs.next(), body.len())
}

/// An extractor that does not read, and keeps the body alive.
struct Streaming(BodyDataStream);

impl<S: Send + Sync> FromRequest<S> for Streaming {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(request.into_body().into_data_stream()))
    }
}

#[idempotent]
async fn streams(State(runs): State<Runs>, Streaming(body): Streaming) -> String {
    drop(body);
    runs.next()
}

#[idempotent(fingerprint = id)]
async fn streams_named(State(runs): State<Runs>, Path(id): Path<u64>, Streaming(body): Streaming) -> String {
    let body = Body::from_stream(body).collect().await.expect("a body").to_bytes();
    format!("{}: {id}: {} bytes", runs.next(), body.len())
}

/// What the handlers of a router answer to this request, twice.
async fn twice(app: &Router, path: &str, body: &'static str) -> [axum::http::Response<Bytes>; 2] {
    [ask(app, json_post(path, "k", body)).await, ask(app, json_post(path, "k", body)).await]
}

#[tokio::test]
async fn without_the_layer_nothing_runs() {
    let runs = Runs::default();
    let app = Router::new().route("/", post(plain)).with_state(runs.clone());
    let refused = ask(&app, json_post("/", "k", "")).await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(problem_code(&refused), "misconfigured");
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn a_handler_may_take_the_request_or_its_body() {
    let runs = Runs::default();
    let app = Router::new()
        .route("/request", post(takes_request))
        .route("/body", post(takes_body))
        .layer(idem().layer())
        .with_state(runs.clone());
    for (path, expected) in [("/request", "1: 5 bytes"), ("/body", "2: 5 bytes")] {
        let [first, again] = twice(&app, path, "12345").await;
        assert_eq!((first.status(), first.body().as_ref()), (StatusCode::OK, expected.as_bytes()));
        assert!(again.headers().contains_key("idempotent-replayed"));
        assert_eq!(again.body(), first.body());
        // All of the body counts.
        assert_eq!(problem_code(&ask(&app, json_post(path, "k", "12346")).await), "idempotency-key-reused");
    }
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn a_body_argument_beyond_the_limit_is_refused_and_claims_no_key() {
    let runs = Runs::default();
    let idem = idem();
    let app = Router::new()
        .route("/request", post(takes_request))
        .route("/body", post(takes_body))
        .route("/none", post(plain))
        .layer(idem.layer())
        .with_state(runs.clone());
    for path in ["/request", "/body", "/none"] {
        let refused = ask(&app, json_post(path, "k", vec![b'x'; 1001])).await;
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert_eq!(problem_code(&refused), "body-too-large", "{path}");
    }
    assert_eq!(runs.count(), 0);
    for path in ["/request", "/body", "/none"] {
        assert_eq!(
            ask(&app, json_post(path, "k", vec![b'x'; 1000])).await.status(),
            StatusCode::OK,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_handler_that_streams_its_body_is_refused_before_it_runs() {
    let runs = Runs::default();
    let app = Router::new().route("/", post(streams)).layer(idem().layer()).with_state(runs.clone());
    for refused in twice(&app, "/", "12345").await {
        assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem_code(&refused), "body-not-read");
    }
    assert_eq!(runs.count(), 0);
}

#[tokio::test]
async fn a_handler_that_streams_its_body_and_names_a_fingerprint_runs_once() {
    let runs = Runs::default();
    let app =
        Router::new().route("/{id}", post(streams_named)).layer(idem().layer()).with_state(runs.clone());
    let [first, again] = twice(&app, "/7", "12345").await;
    assert_eq!((first.status(), first.body().as_ref()), (StatusCode::OK, b"1: 7: 5 bytes".as_slice()));
    assert!(again.headers().contains_key("idempotent-replayed"));
    assert_eq!(again.body(), first.body());
    assert_eq!(runs.count(), 1);
}

#[tokio::test]
async fn nested_routers_keep_the_whole_path_as_the_operation() {
    let runs = Runs::default();
    let inner = || Router::new().route("/pay", post(plain));
    let app = Router::new()
        .nest("/v1", inner())
        .nest("/v2", Router::new().nest("/{tenant}", inner()))
        .route("/pay", post(plain))
        .layer(idem().layer())
        .with_state(runs.clone());
    let paths = ["/v1/pay", "/v2/a/pay", "/v2/b/pay", "/pay"];
    for (run, path) in (1..).zip(paths) {
        let [first, again] = twice(&app, path, "").await;
        assert_eq!(first.body(), run.to_string().as_bytes(), "{path}");
        assert!(again.headers().contains_key("idempotent-replayed"), "{path}");
        assert_eq!(again.body(), first.body(), "{path}");
    }
    assert_eq!(runs.count(), 4);
}

#[tokio::test]
async fn the_layer_may_stand_on_the_inner_router_as_well_as_on_the_outer() {
    let runs = Runs::default();
    let inner = Router::new().route("/pay", post(plain)).layer(idem().layer());
    let app = Router::new().nest("/v1", inner.clone()).nest("/v2", inner).with_state(runs.clone());
    for (run, path) in [("1", "/v1/pay"), ("2", "/v2/pay")] {
        let [first, again] = twice(&app, path, "").await;
        assert_eq!(
            (first.body().as_ref(), again.body().as_ref()),
            (run.as_bytes(), run.as_bytes()),
            "{path}"
        );
    }
    assert_eq!(runs.count(), 2);
}

#[idempotent(name = "payments")]
async fn named(State(runs): State<Runs>) -> String {
    runs.next()
}

#[tokio::test]
async fn a_named_handler_may_be_mounted_twice_and_each_path_is_a_request_of_its_own() {
    let runs = Runs::default();
    let app = Router::new()
        .route("/old", post(named))
        .route("/new", post(named))
        .layer(idem().layer())
        .with_state(runs.clone());
    assert_eq!(ask(&app, json_post("/old", "k", "")).await.body(), "1");
    let moved = ask(&app, json_post("/new", "k", "")).await;
    assert_eq!(problem_code(&moved), "idempotency-key-reused");
    assert_eq!(ask(&app, json_post("/new", "l", "")).await.body(), "2");
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn a_request_that_does_not_say_whose_it_is_is_refused() {
    let runs = Runs::default();
    let app = Router::new().route("/", post(plain)).layer(idem().layer()).with_state(runs.clone());
    let mut request = json_post("/", "k", "");
    request.headers_mut().remove("x-account");
    let refused = ask(&app, request).await;
    assert_eq!(
        (refused.status(), problem_code(&refused)),
        (StatusCode::BAD_REQUEST, "scope-missing".to_owned())
    );
    assert_eq!(runs.count(), 0);
}
