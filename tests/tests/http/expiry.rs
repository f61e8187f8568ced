//! Records end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post as route;
use idem_core::clock::{Clock, Timestamp};
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};

use super::start;
use crate::support::{ask, json_post, post, until};

#[test]
fn after_its_time_to_live_a_key_is_free_again() {
    let target = start(&["--ttl", "500ms"]);
    let request = post("/pay").key("k");
    assert_eq!(target.send(&request).json()["run"], 1);
    let second = until("the record expires", || {
        let reply = target.send(&request);
        (!reply.is_replay()).then_some(reply)
    });
    assert_eq!(second.json()["run"], 2);
    assert_eq!(target.runs("k"), 2);
}

/// Moved by hand.
#[derive(Debug, Default)]
struct ByHand(AtomicU64);

impl ByHand {
    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ByHand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_000_000 * self.0.load(Ordering::SeqCst))
    }
}

#[derive(Debug, Clone, Default)]
struct Slow {
    clock: Arc<ByHand>,
    runs: Arc<AtomicU32>,
}

/// Takes an hour by the store's clock.
#[idempotent]
async fn slow(State(slow): State<Slow>) -> String {
    slow.clock.advance(3600);
    (slow.runs.fetch_add(1, Ordering::SeqCst) + 1).to_string()
}

#[tokio::test]
async fn the_time_to_live_counts_from_completion() {
    let state = Slow::default();
    let store = MemoryStore::builder().clock(Arc::clone(&state.clock) as Arc<dyn Clock>).build();
    let idem = Idem::builder(store)
        .scope(Scope::header("x-account"))
        .ttl(Duration::from_hours(2))
        .lease(Duration::from_hours(2))
        .build();
    let app = Router::new().route("/", route(slow)).layer(idem.layer()).with_state(state.clone());
    assert_eq!(ask(&app, json_post("/", "k", "")).await.body(), "1");
    state.clock.advance(2 * 3600 - 1);
    assert_eq!(ask(&app, json_post("/", "k", "")).await.body(), "1");
    state.clock.advance(1);
    assert_eq!(ask(&app, json_post("/", "k", "")).await.body(), "2");
}
