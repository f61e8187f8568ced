//! Callers that do not poll what they have sent, and runtimes that are blocked or end: whose operations go on.

use std::sync::{Arc, mpsc};

use idem_core::store::{Batch, BoxFuture, Renewal, Store};
use tokio::runtime::{Builder, Runtime};

use crate::servers::{Place, on_every_server};
use crate::support::*;

on_every_server! {
    operations_that_are_not_polled_stop_no_other
    a_blocked_runtime_stops_no_other
    a_claim_outlives_the_runtime_it_was_sent_from
}

/// More than may be under way at once.
const MANY: usize = 6;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Polls once.
async fn held<T>(mut operation: BoxFuture<'_, T>) -> Option<BoxFuture<'_, T>> {
    is_pending(&mut operation).await.then_some(operation)
}

async fn serves_others(store: &Arc<dyn Store>) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let store = Arc::clone(store);
        tasks.spawn(async move { complete(&*store, &format!("other {number}")).await });
    }
    tasks.join_all().await;
}

async fn operations_that_are_not_polled_stop_no_other(place: Place) {
    let store = place.open().await;
    let owner = win(&*store, "r").await;
    let renewals = || Batch::new(vec![Renewal::new(address("r"), owner, LEASE)]).0;
    let (mut claims, mut others) = (Vec::new(), Vec::new());
    let mut keys = (0..).map(|number: u32| format!("held {number}"));
    while claims.len() < MANY {
        let key = keys.next().unwrap();
        // Polled once. What the server has answered by then is not held, and another takes its place.
        claims.extend(held(store.claim(claim(&key))).await);
        others.push((held(store.look_up(address(&key))).await, held(store.renew(renewals())).await));
    }
    serves_others(&store).await;
    assert!(store.look_up(address("other 1")).await.unwrap().is_some());
    assert!(store.renew(renewals()).await.remove(0).is_ok());
    for claim in claims {
        owner_in(claim.await);
    }
}

async fn a_blocked_runtime_stops_no_other(place: Place) {
    let store = place.open().await;
    let (blocked, is_blocked) = tokio::sync::oneshot::channel();
    let (release, released) = mpsc::channel();
    let there = {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            runtime().block_on(async {
                let mut claims = tokio::task::JoinSet::new();
                for number in 0..MANY {
                    let store = Arc::clone(&store);
                    claims.spawn(async move { win(&*store, &format!("held {number}")).await });
                }
                tokio::task::yield_now().await;
                blocked.send(()).unwrap();
                released.recv().unwrap();
                claims.join_all().await.len()
            })
        })
    };
    is_blocked.await.unwrap();
    serves_others(&store).await;
    release.send(()).unwrap();
    assert_eq!(tokio::task::spawn_blocking(|| there.join().unwrap()).await.unwrap(), MANY);
}

async fn a_claim_outlives_the_runtime_it_was_sent_from(place: Place) {
    let store = place.open().await;
    let there = Arc::clone(&store);
    let sent = tokio::task::spawn_blocking(move || {
        let mut claim = Box::pin(async move { there.claim(claim("k")).await });
        let runtime = runtime();
        assert!(runtime.block_on(is_pending(&mut claim)));
        drop(runtime);
        claim
    });
    owner_in(sent.await.unwrap().await);
}
