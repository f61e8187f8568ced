//! Each fault, on a memory store; and the suite, on a faulty store that is told nothing.

use std::sync::Arc;
use std::time::Duration;

use idem_core::protocol::{Claim, ClaimOutcome, Nonce, Owner, RenewOutcome, Terms, WriteOutcome};
use idem_core::store::memory::MemoryStore;
use idem_core::store::{Batch, Completion, Renewal, Store, StoreError, StoreErrorKind};
use idem_core::{Address, Fingerprint};

use super::{Calls, FaultyStore, StoreFault};
use crate::Shared;

crate::conformance!(unharmed, {
    Shared::new(|clock| FaultyStore::new(MemoryStore::builder().clock(clock).build()))
});

const HOUR: Duration = Duration::from_hours(1);

type Faulty = Arc<FaultyStore<MemoryStore>>;

fn store() -> Faulty {
    Arc::new(FaultyStore::new(MemoryStore::new()))
}

fn address(key: &str) -> Address {
    Address::new("shop", b"acme", "pay", key.as_bytes())
}

fn claim(key: &str) -> Claim {
    Claim::new(address(key), Nonce::fresh(), Fingerprint::none(), HOUR, Terms::new(HOUR, HOUR, "shop"))
}

async fn owner(store: &Faulty, key: &str) -> Owner {
    match store.claim(claim(key)).await.unwrap() {
        ClaimOutcome::Won(won) => won.owner,
        other => panic!("not won: {other:?}"),
    }
}

fn completion(key: &str, owner: Owner) -> Completion {
    Completion::new(address(key), owner, b"done".to_vec().into(), HOUR)
}

async fn is_done(store: &Faulty, key: &str) -> bool {
    let record = store.inner().look_up(address(key)).await.unwrap();
    record.is_some_and(|record| record.state.kind() == idem_core::protocol::StateKind::Done)
}

fn kind<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> StoreErrorKind {
    answer.unwrap_err().kind()
}

#[tokio::test]
async fn what_is_refused_or_lost_on_the_way_is_not_applied() {
    let store = store();
    let owner = owner(&store, "k").await;
    for (fault, says) in [
        (StoreFault::Refuse, StoreErrorKind::Unavailable),
        (StoreFault::LoseRequest, StoreErrorKind::Undecided),
        (StoreFault::Fail(StoreErrorKind::Unstorable), StoreErrorKind::Unstorable),
    ] {
        store.next(Calls::COMPLETE, 1, fault);
        assert_eq!(kind(store.complete(completion("k", owner)).await), says);
        assert!(!is_done(&store, "k").await);
    }
    assert_eq!((store.calls(Calls::COMPLETE), store.applied(Calls::COMPLETE)), (3, 0));
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
}

#[tokio::test]
async fn a_lost_reply_is_applied() {
    let store = store();
    let owner = owner(&store, "k").await;
    store.next(Calls::WRITES, 1, StoreFault::LoseReply);
    assert_eq!(kind(store.complete(completion("k", owner)).await), StoreErrorKind::Undecided);
    assert!(is_done(&store, "k").await);
    assert_eq!((store.calls(Calls::ALL), store.applied(Calls::ALL)), (2, 2));
}

#[tokio::test]
async fn a_store_is_away_until_it_is_mended() {
    let store = store();
    store.always(Calls::ALL, StoreFault::Refuse);
    for _ in 0..3 {
        assert_eq!(kind(store.claim(claim("k")).await), StoreErrorKind::Unavailable);
    }
    let (batch, _) = Batch::new(vec![claim("a"), claim("b")]);
    let answers = store.claim_batch(batch).await;
    assert_eq!(answers.into_iter().map(kind).collect::<Vec<_>>(), [StoreErrorKind::Unavailable; 2]);
    store.mend();
    owner(&store, "k").await;
    assert_eq!((store.calls(Calls::CLAIM), store.applied(Calls::CLAIM)), (5, 1));
}

#[tokio::test]
async fn faults_strike_in_the_order_in_which_they_were_ordered() {
    let store = store();
    store.always(Calls::CLAIM, StoreFault::Fail(StoreErrorKind::Corrupt));
    store.next(Calls::COMPLETE, 1, StoreFault::LoseRequest);
    store.next(Calls::CLAIM, 2, StoreFault::Refuse);
    store.next(Calls::ALL, 1, StoreFault::LoseRequest);
    let mut met = Vec::new();
    for _ in 0..4 {
        met.push(kind(store.claim(claim("k")).await));
    }
    assert_eq!(
        met,
        [
            StoreErrorKind::Unavailable,
            StoreErrorKind::Unavailable,
            StoreErrorKind::Undecided,
            StoreErrorKind::Corrupt
        ]
    );
}

#[tokio::test]
async fn a_held_call_is_applied_when_it_is_let_go() {
    let store = store();
    store.next(Calls::CLAIM, 2, StoreFault::Hold);
    let held = [spawned(&store, "a"), spawned(&store, "b")];
    store.until_held(2).await;
    assert_eq!((store.held(), store.applied(Calls::CLAIM)), (2, 0));
    store.release_held();
    for call in held {
        assert!(matches!(call.await.unwrap(), ClaimOutcome::Won(_)));
    }
    assert_eq!((store.held(), store.applied(Calls::CLAIM)), (0, 2));
}

fn spawned(store: &Faulty, key: &'static str) -> tokio::task::JoinHandle<ClaimOutcome> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.claim(claim(key)).await.unwrap() })
}

#[tokio::test]
async fn a_release_lets_go_only_what_is_held_then() {
    let store = store();
    store.release_held();
    store.next(Calls::CLAIM, 1, StoreFault::Hold);
    let held = spawned(&store, "k");
    store.until_held(1).await;
    assert!(!held.is_finished());
    store.mend();
    assert_eq!(store.held(), 1);
    store.release_held();
    assert!(matches!(held.await.unwrap(), ClaimOutcome::Won(_)));
}

#[tokio::test]
async fn a_held_call_that_is_given_up_is_not_applied() {
    let store = store();
    store.next(Calls::CLAIM, 1, StoreFault::Hold);
    let held = spawned(&store, "k");
    store.until_held(1).await;
    held.abort();
    assert!(held.await.unwrap_err().is_cancelled());
    store.release_held();
    assert_eq!((store.held(), store.applied(Calls::CLAIM)), (0, 0));
}

#[tokio::test]
async fn a_held_reply_is_applied_before() {
    let store = store();
    store.next(Calls::CLAIM, 1, StoreFault::HoldReply);
    let held = spawned(&store, "k");
    store.until_applied(Calls::CLAIM, 1).await;
    store.until_held(1).await;
    assert!(matches!(store.claim(claim("k")).await.unwrap(), ClaimOutcome::InFlight { .. }));
    store.release_held();
    assert!(matches!(held.await.unwrap(), ClaimOutcome::Won(_)));
}

#[tokio::test]
async fn a_panic_is_the_callers() {
    let store = store();
    store.next(Calls::CLAIM, 1, StoreFault::Panic);
    let call = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.claim(claim("k")).await }
    });
    assert!(call.await.unwrap_err().is_panic());
    store.until_calls(Calls::CLAIM, 1).await;
    owner(&store, "k").await;
}

#[tokio::test]
async fn a_fault_strikes_a_whole_batch() {
    let store = store();
    let renewals = [("a", owner(&store, "a").await), ("b", owner(&store, "b").await)]
        .map(|(key, owner)| Renewal::new(address(key), owner, HOUR));
    let (batch, _) = Batch::new(renewals.to_vec());
    store.next(Calls::UPKEEP, 1, StoreFault::LoseReply);
    let lost = store.renew(batch.clone()).await;
    assert_eq!(lost.into_iter().map(kind).collect::<Vec<_>>(), [StoreErrorKind::Undecided; 2]);
    let told: Vec<_> = store.renew(batch).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(told, [RenewOutcome::Renewed; 2]);
    assert_eq!((store.calls(Calls::RENEW), store.applied(Calls::RENEW)), (2, 2));
}

#[tokio::test]
async fn a_call_that_is_not_polled_does_not_count() {
    let store = store();
    drop(store.claim(claim("k")));
    assert_eq!(store.calls(Calls::ALL), 0);
}
