//! Shutting down.

use super::faulty::Fault;
use super::*;
use crate::Drained;
use crate::protocol::{Verdict, WriteOutcome};

#[tokio::test]
async fn a_drain_waits_for_the_running_and_refuses_the_new() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    let drain = idem.drain(Duration::from_secs(20));
    let check = async {
        let runs = AtomicU32::new(0);
        assert!(matches!(call(&idem, PLAIN, "other", &runs).await, Err(Refused::ShuttingDown { .. })));
        owner.finish().await
    };
    assert_eq!(tokio::join!(drain, check), (Drained::Clean, Ok(1)));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);
}

#[tokio::test]
async fn what_runs_past_the_deadline_becomes_unknown_and_may_still_complete() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let owner = Held::start(&idem, RERUN, "", Ok(1)).await;
    assert_eq!(idem.drain(Duration::ZERO).await, Drained::Abandoned(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Unknown);
    assert_eq!(owner.finish().await, Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);
}

#[tokio::test]
async fn a_late_owner_hears_the_verdict_that_came_first() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    assert_eq!(idem.drain(Duration::ZERO).await, Drained::Abandoned(1));
    let operator = idem.operator();
    let [unknown] = &operator.list(StateKind::Unknown, None, 2).await.unwrap()[..] else { panic!("not one") };
    let verdict = Verdict::Happened(crate::plain::reply(&5_u32).unwrap());
    assert_eq!(
        operator.by("ada").because("books say so").settle(unknown, verdict).await.unwrap(),
        WriteOutcome::Applied
    );
    assert_eq!(owner.finish().await, Ok(5));
}

#[tokio::test]
async fn a_claim_that_is_won_during_a_drain_is_given_back() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    store.claims_meet([Fault::Slow]);
    let caller = tokio::spawn({
        let (idem, runs) = (idem.clone(), Arc::clone(&runs));
        async move { call(&idem, PLAIN, "k", &runs).await }
    });
    store.hanging.acquire().await.unwrap().forget();
    assert_eq!(idem.drain(Duration::from_secs(20)).await, Drained::Clean);
    store.go_on();
    assert!(matches!(caller.await.unwrap(), Err(Refused::ShuttingDown { .. })));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    reaches(&store, "k", StateKind::Released).await;
}
