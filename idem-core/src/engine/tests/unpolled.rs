//! Calls whose futures are held and not polled.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use std::time::Instant;

use super::faulty::Fault;
use super::verify::{Ask, Oracle, builder, unknown, yes};
use super::*;
use crate::engine::flight::Joined;
use crate::fingerprint::Fingerprint;

type Call = Pin<Box<dyn Future<Output = Result<u32, Refused>> + Send>>;

fn boxed(idem: &Idem<Arc<FaultyStore>>, spec: Spec, runs: &Arc<AtomicU32>) -> Call {
    let (idem, runs) = (idem.clone(), Arc::clone(runs));
    Box::pin(async move { call(&idem, spec, "k", &runs).await })
}

/// Polls a call without waiting for it.
fn poll(call: &mut Call) -> Poll<Result<u32, Refused>> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// A call whose claim the store has, and which is not polled any more. The store answers.
async fn held_at_the_claim(
    store: &FaultyStore,
    idem: &Idem<Arc<FaultyStore>>,
    spec: Spec,
    runs: &Arc<AtomicU32>,
) -> Call {
    store.claims_meet([Fault::Slow]);
    let mut call = boxed(idem, spec, runs);
    assert!(poll(&mut call).is_pending());
    store.hanging.acquire().await.unwrap().forget();
    store.go_on();
    call
}

/// Repeats a call until its key is not in progress any more.
async fn until_free(
    idem: &Idem<Arc<FaultyStore>>,
    spec: Spec,
    runs: &Arc<AtomicU32>,
) -> Result<u32, Refused> {
    let free = async {
        loop {
            match call(idem, spec, "k", runs).await {
                Err(Refused::InProgress { .. }) => tokio::time::sleep(Duration::from_millis(1)).await,
                told => return told,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), free).await.expect("the key is never free")
}

/// The lease is long, so the keeper would take the claim over much later by itself.
#[tokio::test]
async fn a_duplicate_of_a_call_that_is_not_polled_is_told_that_it_is_in_progress() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    let long = PLAIN.lease(600_000);
    let held = held_at_the_claim(&store, &idem, long, &runs).await;
    // The duplicate lets the keeper's thread poll the claim to its answer.
    let told = tokio::time::timeout(Duration::from_mins(1), call(&idem, long, "k", &runs)).await;
    assert!(matches!(told.expect("the duplicate hangs"), Err(Refused::InProgress { .. })));
    // The held call takes its claim when it is polled, and runs.
    assert_eq!(held.await, Ok(1));
    assert_eq!(call(&idem, long, "k", &runs).await, Ok(1));
    assert_eq!(store.claims_seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_claim_whose_call_is_not_polled_is_given_back_and_another_call_runs() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    let short = PLAIN.lease(900);
    let held = held_at_the_claim(&store, &idem, short, &runs).await;
    assert_eq!(until_free(&idem, short, &runs).await, Ok(1));
    // The held call begins anew, and gets the answer of the other.
    assert_eq!(held.await, Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// No duplicate comes in this process: the keeper finds the claim by itself, and another process runs the operation.
#[tokio::test]
async fn a_claim_whose_call_is_not_polled_frees_the_key_for_another_process() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = Arc::new(AtomicU32::new(0));
    let short = PLAIN.lease(900);
    let held = held_at_the_claim(&store, &idem, short, &runs).await;
    reaches(&store, "k", StateKind::Released).await;
    assert_eq!(until_free(&other, short, &runs).await, Ok(1));
    drop(held);
    assert_eq!(call(&idem, short, "k", &runs).await, Ok(1));
}

/// A leader that waits for another process and is not polled any more does not keep the key from later calls.
#[tokio::test]
async fn a_call_that_waits_for_another_process_and_is_not_polled_is_replaced() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = Arc::new(AtomicU32::new(0));
    let owner = Held::start(&other, PLAIN, "", Ok(7)).await;
    let waiting = |fingerprint: &'static str| {
        let (idem, runs) = (idem.clone(), Arc::clone(&runs));
        let spec = WAIT;
        async move {
            let body = async || Ok(runs.fetch_add(1, Ordering::SeqCst) + 1);
            operation(&idem, spec)
                .key("k")
                .fingerprint(fingerprint)
                .call(errors())
                .run(Box::pin(body()))
                .await
        }
    };
    let mut held: Call = Box::pin(waiting(""));
    assert!(poll(&mut held).is_pending());
    assert_eq!(owner.finish().await, Ok(7));
    // Never polled again, and still a duplicate gets the answer.
    let told = tokio::time::timeout(Duration::from_secs(20), waiting("")).await.expect("the duplicate hangs");
    assert_eq!(told, Ok(7));
    assert_eq!(held.await, Ok(7));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

/// True if a call that came in `later` would take over from the leader of the key's flight.
fn is_forsaken(idem: &Idem<Arc<FaultyStore>>, later: Duration) -> bool {
    match idem.engine.flights.join(address("k"), Fingerprint::none(), Instant::now()) {
        Joined::Follower(flight) => flight.is_forsaken(Instant::now() + later),
        Joined::Leader(_) => panic!("no call is under way"),
    }
}

/// A leader that asks a hook has no claim under way for longer than most calls take.
#[tokio::test]
async fn a_leader_that_asks_a_hook_is_not_replaced() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::waiting([yes(7)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = Arc::new(AtomicU32::new(0));
    let caller = tokio::spawn(boxed(&idem, PLAIN, &runs));
    oracle.entered.notified().await;
    assert!(!is_forsaken(&idem, Duration::from_secs(15)));
    assert!(is_forsaken(&idem, Duration::from_mins(2)));
    oracle.leave.notify_one();
    assert_eq!(caller.await.unwrap(), Ok(7));
}

/// The keeper asks the hook after a sweep, as the leader of the key's flight.
#[tokio::test]
async fn a_keeper_that_asks_a_hook_is_not_replaced() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::waiting([yes(7)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).sweep_interval(Duration::from_millis(1)).build();
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "another", &runs).await, Ok(1));
    oracle.entered.notified().await;
    assert!(!is_forsaken(&idem, Duration::from_secs(15)));
    oracle.leave.notify_one();
    reaches(&store, "k", StateKind::Done).await;
}
