//! What fixtures share: a router under idem, calls to it, and a counter of how often a body ran.
//!
//! ```
//! static RUNS: Runs = Runs::new();
//!
//! #[idempotent]
//! async fn pay() -> String {
//!     format!("payment {}", RUNS.next())
//! }
//!
//! #[tokio::test]
//! async fn passes() {
//!     let app = serve(Router::new().route("/", post(pay)));
//!     assert_eq!(replays(&app, &Call::post("/").key("k")).await.body, "payment 1");
//! }
//! ```

// Each fixture needs a part of it.
#![allow(dead_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope};
use tower::ServiceExt;

/// How often a body ran.
pub struct Runs(AtomicU64);

impl Runs {
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts a run, and gives its number. An answer that holds it tells a replay from a second run.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn total(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A handle with a store of its own.
pub fn idem() -> Idem {
    Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase()
}

/// `router` under idem.
pub fn serve(router: Router) -> Router {
    router.layer(idem().layer())
}

/// A request that can be sent again.
#[derive(Clone)]
pub struct Call {
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Call {
    pub fn post(path: &str) -> Self {
        Self { path: path.to_owned(), headers: Vec::new(), body: String::new() }
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    pub fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    pub async fn send(&self, app: &Router) -> Answer {
        let mut request = Request::post(&self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(self.body.clone())).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let source = match response.headers().get("idempotent-replayed") {
            Some(_) => Source::Record,
            None => Source::Handler,
        };
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, source, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub source: Source,
    pub body: String,
}

/// Where a response comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// The response was made just now, by the handler or by a refusal.
    Handler,
    /// The response was stored: a replay.
    Record,
}

impl Answer {
    /// Insists that this is the problem document with `code`.
    pub fn is_problem(&self, code: &str) {
        assert!(self.body.contains(&format!("\"{code}\"")), "{code} expected: {self:?}");
    }
}

/// Sends `call` twice, insists that the second answer is a replay of the first, and gives the first.
pub async fn replays(app: &Router, call: &Call) -> Answer {
    let first = call.send(app).await;
    assert_eq!(first.source, Source::Handler, "{first:?}");
    let second = call.send(app).await;
    assert_eq!(second.source, Source::Record, "{second:?}");
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    first
}

/// Sends `call` twice, insists that the handler made both answers, and gives them.
pub async fn runs_again(app: &Router, call: &Call) -> [Answer; 2] {
    let answers = [call.send(app).await, call.send(app).await];
    for answer in &answers {
        assert_eq!(answer.source, Source::Handler, "{answer:?}");
    }
    answers
}
