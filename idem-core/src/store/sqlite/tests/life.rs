//! Threads: independent of the caller's, and gone when their work is done.

use std::sync::Arc;

use super::*;
use crate::protocol::State;

#[test]
fn a_blocked_runtime_does_not_stop_the_store() {
    let dir = Dir::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // Opened on this runtime, whose only thread then does nothing but wait for another thread's answer.
    runtime.block_on(async {
        let store = Arc::new(dir.store().await);
        let (answer, answered) = mpsc::channel();
        std::thread::spawn(move || {
            let elsewhere = tokio::runtime::Builder::new_current_thread().build().unwrap();
            elsewhere.block_on(complete(&store, "k"));
            answer.send(()).unwrap();
        });
        answered.recv_timeout(MINUTE).unwrap();
    });
}

#[tokio::test]
async fn a_dropped_caller_and_a_dropped_store_leave_the_queue_to_be_done() {
    let dir = Dir::new();
    let clock = Arc::new(HandClock::default());
    let store = dir.store_with(&clock).await;
    let owner = win(&store, "k").await;
    let gate = clock.hold();
    for key in ["stranger", "k"] {
        let mut complete = store.complete(completion(key, owner));
        assert!(is_pending(&mut complete).await);
        drop(complete);
        if key == "stranger" {
            gate.reached();
        }
    }
    let ended = store.writer_ended();
    drop(store);
    drop(gate);
    ended.await;
    let record = dir.store().await.look_up(address("k")).await.unwrap().unwrap();
    assert!(matches!(record.state, State::Done { .. }));
}

#[tokio::test]
async fn a_closed_store_refuses_and_leaves_one_file() {
    let dir = Dir::new();
    let store = dir.store().await;
    win(&store, "k").await;
    store.close().await;
    store.close().await;
    assert_eq!(kind(store.claim(claim("k")).await), StoreErrorKind::Unavailable);
    assert_eq!(kind(store.look_up(address("k")).await), StoreErrorKind::Unavailable);
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 1);
}
