//! A store that does not answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use tokio::task::JoinSet;

use super::faulty::Fault;
use super::*;

#[tokio::test]
async fn duplicates_behind_a_claim_that_is_not_answered_are_refused_with_it() {
    let store = FaultyStore::new();
    let idem = Idem::builder(Arc::clone(&store))
        .scope(Scope::public())
        .completion_timeout(Duration::from_millis(100))
        .store_timeout(Duration::from_millis(50))
        .build();
    let runs = Arc::new(AtomicU32::new(0));
    store.claims_meet([Fault::Hang; 1_000]);
    // Polled once each: the first leads, the others wait for what it finds out.
    let mut calls: Vec<Pin<Box<dyn Future<Output = _> + Send>>> = Vec::new();
    for _ in 0..8 {
        let (idem, runs) = (idem.clone(), Arc::clone(&runs));
        calls.push(Box::pin(async move { call(&idem, WAIT, "k", &runs).await }));
        let last = calls.last_mut().unwrap();
        assert!(poll_fn(|cx| Poll::Ready(last.as_mut().poll(cx).is_pending())).await);
    }
    let mut told = JoinSet::new();
    for call in calls {
        told.spawn(call);
    }
    while let Some(told) = told.join_next().await {
        assert!(matches!(told.unwrap(), Err(Refused::StoreUnavailable { .. })));
    }
    assert_eq!(store.nonces.lock().unwrap().len(), 1, "the store was asked once for all of them");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    store.heal();
    // The claim that was not answered is settled in the background.
    let ran = async { while call(&idem, WAIT, "k", &runs).await != Ok(1) {} };
    tokio::time::timeout(Duration::from_secs(20), ran).await.expect("the key is free again");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
