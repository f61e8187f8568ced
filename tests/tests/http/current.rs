//! What a handler finds as its own operation.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body::Frame;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Refused, Scope, current, idempotent};

use crate::support::{ask, json_post, problem_code};

#[derive(Debug, Clone)]
struct App {
    idem: Idem<MemoryStore>,
    router: Arc<OnceLock<Router>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Operation, key, attempt, and the operations around it.
type Seen = (String, Option<String>, u32, Vec<String>);

impl App {
    fn new() -> Self {
        let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
        let app = Self { idem: idem.clone(), router: Arc::default(), seen: Arc::default() };
        let router = Router::new()
            .route("/seen", post(seen))
            .route("/itself", post(itself))
            .route("/inner", post(inner))
            .route("/around", post(around))
            .route("/unprotected", post(unprotected))
            .route("/streamed", post(streamed))
            .layer(idem.layer())
            .with_state(app.clone());
        app.router.set(router).expect("it is set once");
        app
    }

    fn look(&self) {
        let run = current().expect("a running operation");
        let around = std::iter::successors(run.parent(), |outer| outer.parent());
        let around = around.map(|outer| outer.operation().to_owned()).collect();
        let key = run.key().map(str::to_owned);
        self.seen.lock().unwrap().push((run.operation().to_owned(), key, run.attempt(), around));
    }

    /// A call of the router that is answered in this task.
    async fn call(&self, path: &str, key: &str) -> axum::http::Response<Bytes> {
        ask(self.router.get().expect("a router"), json_post(path, key, "{}")).await
    }

    #[idempotent(with = self.idem, key = n, name = "plain")]
    async fn plain(&self, n: u32) -> Result<(), Refused> {
        self.look();
        Ok(())
    }

    #[idempotent(with = self.idem, key = n, name = "detached", detach)]
    async fn detached(self, n: u32) -> Result<(), Refused> {
        self.look();
        Ok(())
    }
}

#[idempotent]
async fn seen(State(app): State<App>) -> StatusCode {
    app.look();
    assert!(current().and_then(|run| run.fence()).is_some());
    assert_eq!(app.plain(1).await, Ok(()));
    assert_eq!(app.clone().detached(2).await, Ok(()));
    assert_eq!(app.call("/inner", "inner-key").await.status(), StatusCode::OK);
    if current().is_some_and(|run| run.attempt() == 1) { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
}

#[idempotent]
async fn inner(State(app): State<App>) {
    app.look();
}

#[idempotent]
async fn around(State(app): State<App>) -> StatusCode {
    let router = app.router.get().expect("a router");
    let request = axum::http::Request::post("/unprotected").header("x-account", "ada");
    ask(router, request.body(Body::empty()).expect("a request")).await.status()
}

#[idempotent(optional)]
async fn unprotected(State(app): State<App>) {
    app.look();
}

/// Calls itself with its own key, in this task and in one that it spawns.
#[idempotent(wait = "100ms")]
async fn itself(State(app): State<App>) -> Response {
    let other = app.call("/inner", "k").await;
    assert_eq!(other.status(), StatusCode::OK);
    let spawned = app.clone();
    let spawned = idem_core::spawn(async move { spawned.call("/itself", "k").await });
    assert_eq!(problem_code(&spawned.await.expect("no panic")), "operation-reentered");
    app.call("/itself", "k").await.map(Body::from).into_response()
}

/// The body of the response is made while it is read.
#[idempotent]
async fn streamed(State(app): State<App>) -> Body {
    Body::new(Lazy(Some(app)))
}

struct Lazy(Option<App>);

impl http_body::Body for Lazy {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|app| {
            app.look();
            Ok(Frame::data(Bytes::from_static(b"made")))
        }))
    }
}

fn entry(operation: &str, key: &str, attempt: u32, around: &[&str]) -> Seen {
    let around = around.iter().map(|&outer| outer.to_owned()).collect();
    (operation.to_owned(), Some(key.to_owned()), attempt, around)
}

#[tokio::test]
async fn a_handler_and_the_operations_within_it_find_themselves_and_what_is_around() {
    let app = App::new();
    assert_eq!(app.call("/seen", "k").await.status(), StatusCode::BAD_GATEWAY);
    let outer = "POST /seen";
    let first = [
        entry(outer, "k", 1, &[]),
        entry("plain", "1", 1, &[outer]),
        entry("detached", "2", 1, &[outer]),
        entry("POST /inner", "inner-key", 1, &[outer]),
    ];
    assert_eq!(*app.seen.lock().unwrap(), first);
    // The re-run: what is stored does not run again.
    assert_eq!(app.call("/seen", "k").await.status(), StatusCode::OK);
    assert_eq!(app.seen.lock().unwrap()[4..], [entry(outer, "k", 2, &[])]);
    assert!(current().is_none());
}

#[tokio::test]
async fn a_call_without_a_key_belongs_to_the_operation_around_it() {
    let app = App::new();
    assert_eq!(app.call("/around", "k").await.status(), StatusCode::OK);
    assert_eq!(*app.seen.lock().unwrap(), [entry("POST /around", "k", 1, &[])]);
}

#[tokio::test]
async fn a_handler_that_calls_itself_with_its_key_is_refused_at_once() {
    let app = App::new();
    let refused = app.call("/itself", "k").await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(problem_code(&refused), "operation-reentered");
    let problem: serde_json::Value = serde_json::from_slice(refused.body()).unwrap();
    let advice = ["retryable", "retry_same_key", "safe_new_key"].map(|member| problem[member].as_bool());
    assert_eq!(advice, [Some(false); 3]);
}

#[tokio::test]
async fn a_body_that_is_made_while_it_is_read_is_the_handlers_work_too() {
    let app = App::new();
    assert_eq!(app.call("/streamed", "k").await.body().as_ref(), b"made");
    assert_eq!(*app.seen.lock().unwrap(), [entry("POST /streamed", "k", 1, &[])]);
}
