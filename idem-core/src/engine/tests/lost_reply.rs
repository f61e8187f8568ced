//! A store whose replies are lost, and one that is away.

use super::faulty::Fault;
use super::*;

#[tokio::test]
async fn a_claim_whose_reply_is_lost_is_asked_again_with_its_nonce() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.claims_meet([Fault::ReplyLost, Fault::RequestLost]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().attempts, 1);
}

#[tokio::test]
async fn a_completion_whose_reply_is_lost_is_repeated() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::ReplyLost, Fault::Down, Fault::RequestLost]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);
}

#[tokio::test]
async fn a_store_that_is_away_at_the_claim_refuses_and_runs_nothing() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.claims_meet([Fault::Down]);
    assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::StoreUnavailable { .. })));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
}

#[tokio::test]
async fn only_fail_open_runs_without_a_claim() {
    let store = FaultyStore::new();
    let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).fail_open(true).build();
    let runs = AtomicU32::new(0);
    store.claims_meet([Fault::Down]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(record(&store, "k").await, None);
}

#[tokio::test]
async fn an_undecided_claim_is_never_run_and_given_back_later() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.claims_meet(std::iter::once(Fault::ReplyLost).chain([Fault::RequestLost; 200]));
    assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::StoreUnavailable { .. })));
    store.heal();
    reaches(&store, "k", StateKind::Released).await;
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_is_held_back_until_its_record_is_durable() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::Down; 200]);
    assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUndecided { .. })));
    // Still owned: no other attempt may run meanwhile.
    assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::InProgress { .. })));
    store.heal();
    reaches(&store, "k", StateKind::Done).await;
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
