//! Exactly once across services: a handler that runs again repeats its calls with the keys that it used before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use idem_client::{Client, Outcome};
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Refused, Scope, idempotent};

use crate::support::{Target, ask, json_post};

/// What a process of service A knows. Service B is the target.
#[derive(Debug, Clone)]
struct ServiceA {
    idem: Idem<Arc<MemoryStore>>,
    client: Client,
    b: Arc<Target>,
    /// How many runs fail after B has answered.
    failing: Arc<AtomicU32>,
}

impl ServiceA {
    /// Another process over the same records.
    fn process(store: &Arc<MemoryStore>, b: &Arc<Target>, failing: u32) -> Router {
        let idem = Idem::builder(Arc::clone(store)).scope(Scope::header("x-account")).build();
        let client = Client::builder().build().expect("a client");
        let failing = Arc::new(AtomicU32::new(failing));
        let state = Self { idem: idem.clone(), client, b: Arc::clone(b), failing };
        Router::new()
            .route("/orders", post(order))
            .route("/panicking", post(panicking_order))
            .route("/delegated", post(delegated_order))
            .layer(idem.layer())
            .with_state(state)
    }

    /// True if B did its part, or had done it before.
    async fn pay(&self, name: &'static str) -> bool {
        let url = format!("http://{}/pay", self.b.address());
        let body = serde_json::json!({ "amount": 7 });
        let call = self.client.post(url).header("x-account", "shop").json(&body).name(name);
        call.send().await.is_ok_and(|outcome| outcome.is_completed())
    }

    fn fails(&self) -> bool {
        self.failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    /// An operation within the handler's, in a task of its own.
    #[idempotent(with = self.idem, key = order, name = "settle", detach)]
    async fn settle(self, order: u64) -> Result<(), Refused> {
        assert!(self.pay("settlement").await);
        if self.fails() { Err(Refused::HandlerPanicked) } else { Ok(()) }
    }
}

#[idempotent]
async fn order(State(a): State<ServiceA>) -> StatusCode {
    assert!(a.pay("charge").await && a.pay("fee").await);
    if a.fails() { StatusCode::BAD_GATEWAY } else { StatusCode::CREATED }
}

#[idempotent(after_crash = rerun)]
async fn panicking_order(State(a): State<ServiceA>) -> StatusCode {
    assert!(a.pay("charge").await && a.pay("fee").await);
    assert!(!a.fails(), "as meant");
    StatusCode::CREATED
}

#[idempotent]
async fn delegated_order(State(a): State<ServiceA>) -> StatusCode {
    let first = a.clone().settle(1).await;
    let second = a.clone().settle(2).await;
    if first.is_ok() && second.is_ok() { StatusCode::CREATED } else { StatusCode::BAD_GATEWAY }
}

async fn status(a: &Router, path: &str, key: &str) -> u16 {
    ask(a, json_post(path, key, "{}")).await.status().as_u16()
}

#[tokio::test]
async fn a_handler_that_fails_after_its_calls_and_is_retried_calls_once() {
    let (store, b) = (Arc::new(MemoryStore::new()), Arc::new(Target::start(&[])));
    let a = ServiceA::process(&store, &b, 2);
    for (expected, path) in [(502, "/orders"), (502, "/orders"), (201, "/orders")] {
        assert_eq!(status(&a, path, "k1").await, expected);
        assert_eq!(b.total(), 2);
    }
    // Another order is another charge.
    assert_eq!(status(&a, "/orders", "k2").await, 201);
    assert_eq!(b.total(), 4);
}

#[tokio::test]
async fn another_process_that_runs_it_again_uses_the_same_keys() {
    let (store, b) = (Arc::new(MemoryStore::new()), Arc::new(Target::start(&[])));
    let crashing = ServiceA::process(&store, &b, 1);
    assert_eq!(status(&crashing, "/panicking", "k1").await, 500);
    assert_eq!(b.total(), 2);
    let other = ServiceA::process(&store, &b, 0);
    assert_eq!(status(&other, "/panicking", "k1").await, 201);
    assert_eq!(b.total(), 2);
}

#[tokio::test]
async fn operations_within_the_handler_carry_keys_of_their_own() {
    let (store, b) = (Arc::new(MemoryStore::new()), Arc::new(Target::start(&[])));
    let a = ServiceA::process(&store, &b, 1);
    // The first settlement fails after it paid.
    assert_eq!(status(&a, "/delegated", "k1").await, 502);
    assert_eq!(b.total(), 2);
    assert_eq!(status(&a, "/delegated", "k1").await, 201);
    assert_eq!(b.total(), 2);
}

#[tokio::test]
async fn the_replayed_answer_of_the_called_service_reaches_the_re_run() {
    let (b, client) = (Target::start(&[]), Client::builder().build().expect("a client"));
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
    let url = format!("http://{}/pay", b.address());
    let mut answers = Vec::new();
    for n in 0..2 {
        let answer = pay_then_fail(&idem, 17, &client, &url, &mut answers).await;
        assert_eq!(answer, Err(Refused::HandlerPanicked), "{n}");
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(b.total(), 1);
}

#[idempotent(with = idem, key = order, name = "pay-then-fail")]
async fn pay_then_fail(
    idem: &Idem<MemoryStore>,
    order: u64,
    client: &Client,
    url: &str,
    answers: &mut Vec<bytes::Bytes>,
) -> Result<(), Refused> {
    let body = serde_json::json!({ "amount": 7 });
    let outcome = client.post(url).header("x-account", "shop").json(&body).name("charge").send().await;
    let outcome = outcome.expect("it is sent");
    let Outcome::Completed(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!(answer.reply().replayed(), !answers.is_empty());
    answers.push(answer.reply().body().clone());
    Err(Refused::HandlerPanicked)
}
