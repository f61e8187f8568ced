//! Claims whose answers come late, or not at all while the store is away.

use super::faulty::Fault;
use super::*;
use crate::engine::claim::claim_until_decided;
use crate::engine::claim_slot::Unclaimed;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{Claim, ClaimOutcome, Nonce, Terms, WriteOutcome};
use crate::store::MarkUnknown;

/// A copy of a claim that did not arrive says nothing of the copy before.
#[tokio::test]
async fn a_claim_whose_reply_was_lost_is_asked_until_the_store_is_back() {
    for faults in
        [[Fault::ReplyLost, Fault::Down, Fault::Down], [Fault::ReplyLost, Fault::Unstorable, Fault::Down]]
    {
        let store = FaultyStore::new();
        let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).build();
        store.claims_meet(faults);
        assert_eq!(call(&idem, PLAIN, "k", &AtomicU32::new(0)).await, Ok(1), "{faults:?}");
        assert_eq!(store.nonces.lock().unwrap().len(), 1, "{faults:?}");
        assert_eq!(record(&store, "k").await.unwrap().attempts, 1, "{faults:?}");
    }
}

#[tokio::test]
async fn a_claim_whose_reply_was_lost_is_released_although_its_caller_left_and_the_store_was_away() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    store.claims_meet([Fault::ReplyLost, Fault::Down, Fault::Down, Fault::Slow]);
    let caller = tokio::spawn({
        let (idem, runs) = (idem.clone(), Arc::clone(&runs));
        async move { call(&idem, PLAIN, "k", &runs).await }
    });
    store.hanging.acquire().await.unwrap().forget();
    caller.abort();
    drop(caller.await);
    store.go_on();
    reaches(&store, "k", StateKind::Released).await;
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
}

/// The claim is won, and its answer is on its way until another process has taken over and run.
#[tokio::test]
async fn a_handler_does_not_begin_after_the_lease_of_its_claim_is_over() {
    let store = FaultyStore::new();
    let (slow, fast) = (idem(&store), idem(&store));
    let runs = Arc::new(AtomicU32::new(0));
    let short = RERUN.lease(1);
    store.claims_meet([Fault::AnswerHeld]);
    let caller = tokio::spawn({
        let runs = Arc::clone(&runs);
        async move { call(&slow, short, "k", &runs).await }
    });
    store.hanging.acquire().await.unwrap().forget();
    let taken_over = async {
        loop {
            match call(&fast, RERUN, "k", &runs).await {
                Err(Refused::InProgress { .. }) => tokio::task::yield_now().await,
                told => break told,
            }
        }
    };
    assert_eq!(
        tokio::time::timeout(Duration::from_secs(20), taken_over).await.expect("the lease ends"),
        Ok(1)
    );
    store.go_on();
    assert_eq!(caller.await.unwrap(), Ok(1), "a replay");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// The handler has run and does not know its effect: its key does not become free, however late the claim is answered.
#[tokio::test]
async fn a_claim_that_is_to_be_marked_unknown_is_never_released() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let claim = Claim {
        address: address("k"),
        nonce: Nonce::fresh(),
        fingerprint: Fingerprint::none(),
        lease: Duration::from_millis(1),
        after_crash: AfterCrash::Unknown,
        terms: Terms::new(Duration::from_mins(1), Duration::from_millis(1), ""),
        label: Label::new("op", b""),
        key_hint: KeyHint::of(b"k"),
    };
    let ask = |claim| {
        let engine = Arc::clone(&idem.engine);
        claim_until_decided(engine, claim, Unclaimed::MarkUnknown, std::time::Instant::now())
    };
    store.claims_meet([Fault::AnswerHeld]);
    let late = tokio::spawn(ask(claim.clone()));
    store.hanging.acquire().await.unwrap().forget();
    tokio::time::sleep(Duration::from_millis(5)).await;
    store.go_on();
    let Ok(ClaimOutcome::Won(won)) = late.await.unwrap() else { panic!("not won") };
    assert_eq!(won.attempts, 1, "it was not released in between");
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Running);

    // A sweep has found it. A repetition of the same claim meets its own record.
    let mark = MarkUnknown { address: address("k"), owner: won.owner };
    assert_eq!(store.inner.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
    store.claims_meet([Fault::ReplyLost]);
    let outcome = ask(claim).await;
    assert!(matches!(outcome, Ok(ClaimOutcome::Unknown)), "{outcome:?}");
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Unknown);
}

/// The body has returned, its record is under way, and the caller holds the future without polling it.
#[tokio::test]
async fn an_ending_that_its_caller_does_not_poll_is_written_all_the_same() {
    let store = FaultyStore::new();
    let moment = Duration::from_millis(50);
    let idem = Idem::builder(Arc::clone(&store))
        .scope(Scope::public())
        .completion_timeout(moment)
        .store_timeout(moment)
        .build();
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::Hang]);
    let mut held = std::pin::pin!(call(&idem, PLAIN.lease(600), "k", &runs));
    tokio::select! {
        biased;
        told = &mut held => panic!("{told:?}"),
        hangs = store.hanging.acquire() => hangs.unwrap().forget(),
    }
    reaches(&store, "k", StateKind::Done).await;
    // It counts as ended. Its caller has polled too late to hear more than that it should ask again.
    assert_eq!(idem.drain(Duration::from_secs(20)).await, crate::Drained::Clean);
    assert!(matches!(held.await, Ok(1) | Err(Refused::OutcomeUndecided { .. })));
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
