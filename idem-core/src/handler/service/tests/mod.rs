//! The layer in front of a service.

mod grpc;
mod nested;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::Refused;
use crate::fingerprint::Fingerprint;
use crate::idem::Idem;
use crate::policy::OnError;
use crate::scope::Scope;
use crate::store::memory::MemoryStore;

fn idem() -> Idem<MemoryStore> {
    Idem::builder(MemoryStore::new()).scope(Scope::public()).max_request_bytes(100).build()
}

fn post(path: &str, key: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("idempotency-key", key).body(body.into()).unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn code(response: &Response<Body>) -> &'static str {
    let refused = response.extensions().get::<crate::handler::Refusal>();
    refused.map_or("no refusal", |refusal| refusal.0.code())
}

/// Counts its runs, and says what it got.
fn counting() -> (
    Arc<AtomicUsize>,
    impl tower::Service<Request<Body>, Response = Response<Body>, Error = &'static str, Future: Send>
    + Clone
    + Send,
) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let service = service_fn(move |request: Request<Body>| {
        let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            let path = request.uri().path().to_owned();
            let body = text(Response::new(request.into_body())).await;
            match path.as_str() {
                "/fails" => Err("the service has failed"),
                "/panics" => panic!("as it was asked to"),
                _ => Ok(Response::new(Body::from(format!("run {run} of {body}")))),
            }
        }
    });
    (runs, service)
}

#[tokio::test]
async fn a_key_runs_once_and_other_requests_are_not_touched() {
    let (runs, service) = counting();
    let service = idem()
        .service_layer(|request| match request.uri.path() {
            "/open" => Protection::None,
            "/optional" => Protection::Keyed(Route::new().optional()),
            _ => Protection::Keyed(Route::new()),
        })
        .layer(service);
    let ask = |request| service.clone().oneshot(request);
    assert_eq!(text(ask(post("/pay", "k", "7")).await.unwrap()).await, "run 1 of 7");
    let again = ask(post("/pay", "k", "7")).await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(text(again).await, "run 1 of 7");
    assert_eq!(code(&ask(post("/pay", "k", "8")).await.unwrap()), "idempotency-key-reused");
    let keyless = |path| Request::post(path).body(Body::from("9")).unwrap();
    let missing = ask(keyless("/pay")).await.unwrap();
    assert_eq!((missing.status(), code(&missing)), (StatusCode::BAD_REQUEST, "idempotency-key-missing"));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    for run in [2, 3] {
        assert_eq!(text(ask(keyless("/optional")).await.unwrap()).await, format!("run {run} of 9"));
    }
    assert_eq!(text(ask(post("/open", "k", "9")).await.unwrap()).await, "run 4 of 9");
    let get = Request::get("/pay").header("idempotency-key", "k").body(Body::empty()).unwrap();
    assert_eq!(text(ask(get).await.unwrap()).await, "run 5 of ");
}

#[tokio::test]
async fn key_scope_and_fingerprint_come_from_where_the_route_says() {
    let (runs, service) = counting();
    let service = idem()
        .service_layer(|_| {
            let member = |at: usize| {
                move |_: &http::request::Parts, body: &Bytes| {
                    let text = String::from_utf8_lossy(body).into_owned();
                    text.split(' ').nth(at).map(str::to_owned)
                }
            };
            let route = Route::new()
                .name("hook")
                .key(member(0))
                .scope(member(1))
                .fingerprint(move |parts, body| Fingerprint::of_value(&member(2)(parts, body)));
            Protection::Keyed(route)
        })
        .layer(service);
    let ask =
        |body: &'static str| service.clone().oneshot(Request::post("/hook").body(Body::from(body)).unwrap());
    assert_eq!(text(ask("e1 ada 5").await.unwrap()).await, "run 1 of e1 ada 5");
    assert_eq!(text(ask("e1 ada 5 later").await.unwrap()).await, "run 1 of e1 ada 5");
    assert_eq!(code(&ask("e1 ada 6").await.unwrap()), "idempotency-key-reused");
    assert_eq!(text(ask("e1 bob 5").await.unwrap()).await, "run 2 of e1 bob 5");
    assert_eq!(code(&ask("e1").await.unwrap()), "scope-missing");
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_error_of_the_service_reaches_its_caller_and_is_never_stored() {
    for (on_error, runs_twice) in
        [(OnError::Release, true), (OnError::Store, true), (OnError::Unknown, false)]
    {
        let (runs, service) = counting();
        let service =
            idem().service_layer(move |_| Protection::Keyed(Route::new().on_error(on_error))).layer(service);
        let ask = || service.clone().oneshot(post("/fails", "k", "7"));
        assert_eq!(ask().await.unwrap_err(), "the service has failed");
        match ask().await {
            Err(error) => assert_eq!((error, runs_twice), ("the service has failed", true)),
            Ok(refused) => assert_eq!((code(&refused), runs_twice), ("outcome-unknown", false)),
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1 + usize::from(runs_twice), "{on_error:?}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_leaves_the_outcome_unknown() {
    let (runs, service) = counting();
    let service = idem().service_layer(|_| Protection::Keyed(Route::new())).layer(service);
    let first = service.clone().oneshot(post("/panics", "k", "7")).await.unwrap();
    assert_eq!(first.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let again = service.oneshot(post("/panics", "k", "7")).await.unwrap();
    assert_eq!((code(&again), runs.load(Ordering::SeqCst)), ("outcome-unknown", 1));
}

#[tokio::test]
async fn a_request_that_is_too_long_or_breaks_off_runs_nothing() {
    let (runs, service) = counting();
    let service = idem().service_layer(|_| Protection::Keyed(Route::new())).layer(service);
    let long = service.clone().oneshot(post("/pay", "k", "x".repeat(101))).await.unwrap();
    assert_eq!(code(&long), "body-too-large");
    let frames = [Ok(Frame::data(Bytes::from("7"))), Err(std::io::Error::other("it broke off"))];
    let broken = Body::new(StreamBody::new(tokio_stream(frames)));
    assert_eq!(code(&service.oneshot(post("/pay", "k", broken)).await.unwrap()), "body-unreadable");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

fn tokio_stream<T, const N: usize>(items: [T; N]) -> impl futures_util::Stream<Item = T> {
    futures_util::stream::iter(items)
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_stop_the_service() {
    let (begun, begins) = tokio::sync::oneshot::channel();
    let (go, goes) = tokio::sync::oneshot::channel::<()>();
    let signals = Arc::new(std::sync::Mutex::new(Some((begun, goes))));
    let service = service_fn(move |_: Request<Body>| {
        let signals = signals.lock().unwrap().take();
        async move {
            let (begun, goes) = signals.expect("it runs once");
            begun.send(()).unwrap();
            goes.await.unwrap();
            Ok::<_, Infallible>(Response::new(Body::from("done")))
        }
    });
    let layer =
        idem().service_layer(|_| Protection::Keyed(Route::new().wait(std::time::Duration::from_mins(1))));
    let service = layer.layer(service);
    let caller = tokio::spawn(service.clone().oneshot(post("/pay", "k", "7")));
    begins.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    let again = tokio::spawn(service.oneshot(post("/pay", "k", "7")));
    go.send(()).unwrap();
    assert_eq!(text(again.await.unwrap().unwrap()).await, "done");
}

/// Ready once for each time it is asked, as a service with a limit of concurrency is.
#[derive(Debug, Default)]
struct Ready(bool);

impl Clone for Ready {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl tower::Service<Request<Body>> for Ready {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        self.0 = true;
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.0), "it was not asked whether it is ready");
        std::future::ready(Ok(Response::new(Body::from("called"))))
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    let service = idem().service_layer(|_| Protection::Keyed(Route::new())).layer(Ready::default());
    assert_eq!(text(service.oneshot(post("/pay", "k", "7")).await.unwrap()).await, "called");
}

#[tokio::test]
async fn under_a_name_the_method_and_the_path_count() {
    let (runs, service) = counting();
    let service = idem().service_layer(|_| Protection::Keyed(Route::new().name("refund"))).layer(service);
    let ask = |method: &'static str, path: &str| {
        let request = Request::builder().method(method).uri(path).header("idempotency-key", "k");
        service.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    assert_eq!(text(ask("POST", "/refund").await.unwrap()).await, "run 1 of ");
    assert_eq!(text(ask("POST", "/refund").await.unwrap()).await, "run 1 of ");
    for (method, path) in [("DELETE", "/refund"), ("PUT", "/refund"), ("POST", "/charge")] {
        assert_eq!(code(&ask(method, path).await.unwrap()), "idempotency-key-reused", "{method} {path}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn closures_that_panic_are_answered_with_500_and_nothing_has_run() {
    type OnRoute = fn(Route) -> Route;
    let routes: [OnRoute; 3] = [
        |route| route.key(|_, _| -> u64 { panic!("key") }),
        |route| route.scope(|_, _| -> u64 { panic!("scope") }),
        |route| route.fingerprint(|_, _| panic!("fingerprint")),
    ];
    for on_route in routes {
        let (runs, service) = counting();
        let service = idem().service_layer(move |_| Protection::Keyed(on_route(Route::new()))).layer(service);
        assert_eq!(code(&service.oneshot(post("/pay", "k", "7")).await.unwrap()), "misconfigured");
        assert_eq!(runs.load(Ordering::SeqCst), 0);
    }
    let (runs, service) = counting();
    let service = idem().service_layer(|_| panic!("choice")).layer(service);
    assert_eq!(code(&service.oneshot(post("/pay", "k", "7")).await.unwrap()), "misconfigured");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn spans_of_nothing_are_as_short_as_can_be() {
    use std::time::Duration;
    let routes = [
        Route::new().lease(Duration::ZERO),
        Route::new().lease(Duration::from_micros(900)),
        Route::new().max_run(Duration::ZERO),
        Route::new().ttl(Duration::ZERO),
    ];
    for route in routes {
        let (runs, service) = counting();
        let service = idem().service_layer(move |_| Protection::Keyed(route.clone())).layer(service);
        let answer = service.oneshot(post("/pay", "k", "7")).await.unwrap();
        // A lease may be over before the answer: what counts is that there is one.
        assert!(answer.status().is_success() || !code(&answer).is_empty());
        assert!(runs.load(Ordering::SeqCst) <= 1);
    }
}
