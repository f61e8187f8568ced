//! A store that never takes a certain answer, because of its size or content.

use super::faulty::Fault;
use super::*;
use crate::refused::UnavailableResult;

const GONE: Result<u32, Refused> = Err(Refused::ResultUnavailable(UnavailableResult::NotTaken));

#[tokio::test]
async fn an_answer_that_the_store_never_takes_reaches_its_caller_and_leaves_a_tombstone() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::Unstorable]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);
    for _ in 0..2 {
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, GONE);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// The caller has been told that the outcome is undecided, and the write goes on in the background.
#[tokio::test]
async fn in_the_background_it_leaves_a_tombstone_too() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::Down; 200]);
    assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUndecided { .. })));
    store.heal();
    store.writes_meet([Fault::Unstorable]);
    reaches(&store, "k", StateKind::Done).await;
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, GONE);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// The record may say already what it could not be told: then that counts.
#[tokio::test]
async fn an_answer_that_was_taken_after_all_is_the_answer() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::ReplyLost, Fault::Unstorable]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_claim_that_the_store_never_takes_is_refused_at_once_as_misconfigured() {
    let store = FaultyStore::new();
    let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).fail_open(true).build();
    let runs = AtomicU32::new(0);
    store.claims_meet([Fault::Unstorable]);
    assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::Misconfigured(_))));
    assert_eq!((runs.load(Ordering::SeqCst), store.claims_seen.load(Ordering::SeqCst)), (0, 1));
}
