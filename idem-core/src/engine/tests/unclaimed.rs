//! Claims whose callers leave before the store answers.

use super::faulty::Fault;
use super::*;
use crate::Drained;

/// A call whose claim the store has, and does not answer.
async fn claims(
    store: &Arc<FaultyStore>,
    idem: &Idem<Arc<FaultyStore>>,
    spec: Spec,
    runs: &Arc<AtomicU32>,
) -> JoinHandle<Result<u32, Refused>> {
    let (idem, runs) = (idem.clone(), Arc::clone(runs));
    let caller = tokio::spawn(async move { call(&idem, spec, "k", &runs).await });
    store.hanging.acquire().await.unwrap().forget();
    caller
}

/// A call that is gone before the store answers its claim.
async fn leaves_at_the_claim(
    store: &Arc<FaultyStore>,
    idem: &Idem<Arc<FaultyStore>>,
    spec: Spec,
    runs: &Arc<AtomicU32>,
) {
    store.claims_meet([Fault::Slow]);
    let caller = claims(store, idem, spec, runs).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_claim_whose_caller_left_is_asked_once_and_released() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    leaves_at_the_claim(&store, &idem, PLAIN, &runs).await;
    assert_eq!(record(&store, "k").await, None, "the claim is not applied yet");
    store.go_on();
    reaches(&store, "k", StateKind::Released).await;
    assert_eq!(store.claims_seen.load(Ordering::SeqCst), 1, "the claim was never sent beside itself");
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
}

#[tokio::test]
async fn a_retry_waits_for_the_claim_of_the_caller_that_left_and_runs() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    leaves_at_the_claim(&store, &idem, PLAIN, &runs).await;
    let retry = call(&idem, PLAIN, "k", &runs);
    let answer = async {
        tokio::task::yield_now().await;
        store.go_on();
    };
    assert_eq!(tokio::join!(retry, answer).0, Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().attempts, 2);
}

/// The lease of the claim ends while its release is held up, and another process finds the record abandoned.
#[tokio::test]
async fn a_claim_that_was_given_up_as_unknown_before_its_release_is_released() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = Arc::new(AtomicU32::new(0));
    let short = PLAIN.lease(1);
    store.writes_meet([Fault::RequestLost; 4]);
    leaves_at_the_claim(&store, &idem, short, &runs).await;
    store.go_on();
    // Another process asks until it finds the lease over. The handler never began, so this is undone.
    let found = async {
        loop {
            match call(&other, short, "k", &runs).await {
                Err(
                    Refused::InProgress { .. } | Refused::OutcomeUnknown | Refused::OutcomeUndecided { .. },
                ) => tokio::task::yield_now().await,
                told => return told,
            }
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(20), found).await.expect("the key is stuck"), Ok(1));
}

/// The answer to a claim is lost, and the lease of the claim ends before the claim is repeated.
#[tokio::test]
async fn a_repeated_claim_that_finds_itself_unknown_begins_anew() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = Arc::new(AtomicU32::new(0));
    let short = PLAIN.lease(1);
    store.claims_meet([Fault::ReplyLost, Fault::Slow]);
    let caller = claims(&store, &idem, short, &runs).await;
    let found = async {
        while call(&other, short, "k", &Arc::new(AtomicU32::new(0))).await != Err(Refused::OutcomeUnknown) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the lease does not end");
    store.go_on();
    assert_eq!(caller.await.unwrap(), Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// The engine asks once. The store sends the claim twice, and its lease ends in between.
#[tokio::test]
async fn a_claim_that_the_store_sent_twice_and_finds_itself_unknown_begins_anew() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = Arc::new(AtomicU32::new(0));
    let short = PLAIN.lease(1);
    store.claims_meet([Fault::SentTwice]);
    let caller = claims(&store, &idem, short, &runs).await;
    let found = async {
        while call(&other, short, "k", &Arc::new(AtomicU32::new(0))).await != Err(Refused::OutcomeUnknown) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("the lease does not end");
    store.go_on();
    assert_eq!(caller.await.unwrap(), Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_drain_waits_for_a_claim_without_a_caller() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    leaves_at_the_claim(&store, &idem, PLAIN, &runs).await;
    let answer = async {
        tokio::task::yield_now().await;
        store.go_on();
    };
    let drained = tokio::join!(idem.drain(Duration::from_secs(20)), answer).0;
    assert_eq!(drained, Drained::Clean);
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Released);
}

/// What the store's future waits for belongs to a runtime that has ended.
#[test]
fn a_claim_whose_runtime_has_ended_is_repeated_and_released() {
    let store = FaultyStore::new();
    let runs = Arc::new(AtomicU32::new(0));
    store.claims_meet([Fault::Sleep]);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let idem = first.block_on(async { idem(&store) });
    first.block_on(async {
        let (caller, counted) = (idem.clone(), Arc::clone(&runs));
        tokio::spawn(async move { call(&caller, PLAIN, "k", &counted).await });
        store.hanging.acquire().await.unwrap().forget();
    });
    drop(first);
    second.block_on(async {
        reaches(&store, "k", StateKind::Released).await;
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    });
}

/// A claim that took a fresh nonce is won under it when its runtime ends. The repetition asks with that nonce, not with the
/// first one, under which the key looks taken.
#[test]
fn a_claim_whose_runtime_has_ended_is_repeated_with_its_newest_nonce() {
    let store = FaultyStore::new();
    let runs = Arc::new(AtomicU32::new(0));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let (idem, other) = second.block_on(async { (idem(&store), idem(&store)) });
    let failed = Err(Refused::HandlerPanicked);
    let owner = second.block_on(Held::start(&other, PLAIN, "", failed.clone()));
    // The first claim is lost; its repetition meets the other owner, so the third takes a fresh nonce.
    store.claims_meet([Fault::RequestLost, Fault::Slow, Fault::AnswerSleeps]);
    first.block_on(async {
        let (caller, counted) = (idem.clone(), Arc::clone(&runs));
        tokio::spawn(async move {
            let body = async || Ok::<_, Refused>(counted.fetch_add(1, Ordering::SeqCst) + 1);
            operation(&caller, PLAIN).key("k").fingerprint("").call(errors()).run(Box::pin(body())).await
        });
        store.hanging.acquire().await.unwrap().forget();
        store.go_on();
        store.hanging.acquire().await.unwrap().forget();
    });
    assert_eq!(second.block_on(owner.finish()), failed);
    first.block_on(async {
        store.go_on();
        store.hanging.acquire().await.unwrap().forget();
    });
    drop(first);
    second.block_on(async {
        reaches(&store, "k", StateKind::Released).await;
        assert_eq!(record(&store, "k").await.unwrap().attempts, 2, "the third claim was won, and released");
    });
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}
