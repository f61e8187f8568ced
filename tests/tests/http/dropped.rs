//! A request that is dropped from outside: a timeout layer, a connection that is gone.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use tokio::sync::Notify;

use crate::support::{ask, json_post, problem_code};

#[derive(Debug, Clone, Default)]
struct Gate {
    runs: Arc<AtomicU32>,
    entered: Arc<Notify>,
    opened: Arc<Notify>,
    left: Arc<Notify>,
}

#[idempotent]
async fn gated(State(gate): State<Gate>) -> String {
    let run = gate.runs.fetch_add(1, Ordering::SeqCst) + 1;
    gate.entered.notify_one();
    gate.opened.notified().await;
    gate.left.notify_one();
    run.to_string()
}

#[tokio::test]
async fn a_handler_whose_request_is_dropped_runs_on_and_its_retry_gets_the_answer() {
    let gate = Gate::default();
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::header("x-account")).build();
    let app = Router::new().route("/", post(gated)).layer(idem.layer()).with_state(gate.clone());
    {
        let mut dropped = pin!(ask(&app, json_post("/", "k", "")));
        tokio::select! {
            _ = &mut dropped => panic!("it waits at the gate"),
            () = gate.entered.notified() => {}
        }
    }
    let refused = ask(&app, json_post("/", "k", "")).await;
    assert_eq!(
        (refused.status(), problem_code(&refused)),
        (StatusCode::CONFLICT, "request-in-progress".to_owned())
    );
    gate.opened.notify_one();
    gate.left.notified().await;
    let again = loop {
        let reply = ask(&app, json_post("/", "k", "")).await;
        if reply.status() == StatusCode::OK {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(again.body(), "1");
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(gate.runs.load(Ordering::SeqCst), 1);
}
