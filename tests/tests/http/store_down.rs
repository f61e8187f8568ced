//! A store that is away, or full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Scope, idempotent};
use idem_testing::faulty_store::{Calls, FaultyStore, StoreFault};

use crate::support::{ask, json_post, problem_code};

type Runs = Arc<AtomicU32>;

#[idempotent]
async fn pay(State(runs): State<Runs>) -> String {
    (runs.fetch_add(1, Ordering::SeqCst) + 1).to_string()
}

fn app<S: idem_core::store::Store>(store: S, fail_open: bool) -> (Router, Runs) {
    let runs = Runs::default();
    let idem = Idem::builder(store)
        .scope(Scope::header("x-account"))
        .fail_open(fail_open)
        .completion_timeout(Duration::from_millis(50))
        .cache_bytes(0)
        .build();
    (Router::new().route("/", post(pay)).layer(idem.layer()).with_state(Arc::clone(&runs)), runs)
}

#[tokio::test]
async fn while_the_store_is_away_nothing_runs_and_callers_hear_when_to_ask_again() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let (app, runs) = app(Arc::clone(&store), false);
    store.always(Calls::CLAIM, StoreFault::Refuse);
    for _ in 0..2 {
        let refused = ask(&app, json_post("/", "k", "")).await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(problem_code(&refused), "store-unavailable");
        assert_eq!(refused.headers()["retry-after"], "1");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    store.mend();
    assert_eq!(ask(&app, json_post("/", "k", "")).await.body(), "1");
    assert_eq!(ask(&app, json_post("/", "k", "")).await.body(), "1");
}

#[tokio::test]
async fn failing_open_is_an_explicit_choice() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let (app, runs) = app(Arc::clone(&store), true);
    store.always(Calls::CLAIM, StoreFault::Refuse);
    for run in ["1", "2"] {
        let unprotected = ask(&app, json_post("/", "k", "")).await;
        assert_eq!(unprotected.body(), run);
        assert!(!unprotected.headers().contains_key("idempotent-replayed"));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_whose_record_cannot_be_written_does_not_leave_and_nothing_runs_again() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let (app, runs) = app(Arc::clone(&store), false);
    store.always(Calls::WRITES, StoreFault::Refuse);
    let held = ask(&app, json_post("/", "k", "")).await;
    assert_eq!(
        (held.status(), problem_code(&held)),
        (StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown".to_owned())
    );
    assert!(held.headers().contains_key("retry-after"));
    let running = ask(&app, json_post("/", "k", "")).await;
    assert_eq!(
        (running.status(), problem_code(&running)),
        (StatusCode::CONFLICT, "request-in-progress".to_owned())
    );
    store.mend();
    // It goes on trying in the background: the write that takes tells us.
    store.until_applied(Calls::WRITES, 1).await;
    let again = loop {
        let reply = ask(&app, json_post("/", "k", "")).await;
        if reply.status() != StatusCode::CONFLICT {
            break reply;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(again.body(), "1");
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_is_settled_by_repeating_it() {
    let store = Arc::new(FaultyStore::new(MemoryStore::new()));
    let (app, runs) = app(Arc::clone(&store), false);
    store.next(Calls::WRITES, 1, StoreFault::LoseReply);
    let first = ask(&app, json_post("/", "k", "")).await;
    assert_eq!((first.status(), first.body().as_ref()), (StatusCode::OK, b"1".as_slice()));
    let again = ask(&app, json_post("/", "k", "")).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_full_store_refuses_new_keys_with_429_and_keeps_the_old_ones() {
    let (app, runs) = app(MemoryStore::builder().max_records(1).build(), false);
    assert_eq!(ask(&app, json_post("/", "old", "")).await.body(), "1");
    let refused = ask(&app, json_post("/", "new", "")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(problem_code(&refused), "capacity-exceeded");
    assert_eq!(refused.headers()["retry-after"], "1");
    let old = ask(&app, json_post("/", "old", "")).await;
    assert_eq!(old.headers()["idempotent-replayed"], "true");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
