//! Hooks that the keeper asks after a sweep.

use super::verify::{Ask, Oracle, builder, line, unknown, unknown_of, yes};
use super::*;
use crate::store::{Count, MarkUnknown};
use crate::verify::{Unsettled, Verification};

const OFTEN: Duration = Duration::from_millis(1);

/// The keeper begins with the first call.
async fn wake(idem: &Idem<Arc<FaultyStore>>) {
    assert_eq!(call(idem, PLAIN, "something else", &AtomicU32::new(0)).await, Ok(1));
}

/// Two further rounds begin, so that one has gone by from its beginning to its end.
async fn a_round_goes_by(store: &FaultyStore) {
    let lists = store.lists.available_permits();
    // A round that finds something asks for two pages.
    while store.lists.available_permits() < lists + 6 {
        tokio::time::sleep(OFTEN).await;
    }
}

#[tokio::test]
async fn a_key_without_callers_is_verified_too() {
    let store = FaultyStore::new();
    for key in ["yes", "no"] {
        unknown(&store, key).await;
    }
    let hook = |unsettled: Unsettled| async move {
        let no = unsettled.key_hint().as_str() == "n";
        Ok(if no { Verification::DidNotHappen } else { yes(7) })
    };
    let idem = builder(&store, hook).sweep_interval(OFTEN).build();
    wake(&idem).await;
    reaches(&store, "yes", StateKind::Done).await;
    reaches(&store, "no", StateKind::Released).await;
    assert_eq!(line(&store, "yes").await.as_deref(), Some("verified: happened"));
    assert_eq!(line(&store, "no").await.as_deref(), Some("verified: did not happen"));
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "yes", &runs).await, Ok(7));
    assert_eq!(call(&idem, PLAIN, "no", &runs).await, Ok(1));
}

#[tokio::test]
async fn more_than_a_page_is_verified_a_few_at_a_time() {
    let store = FaultyStore::new();
    for number in 0..250 {
        unknown(&store, &number.to_string()).await;
        // Pages of records that have no hook lie between.
        unknown_of(&store, "something else", &format!("other {number}")).await;
    }
    let oracle = Oracle::new((0..250).map(|_| Ok(Verification::DidNotHappen)));
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    wake(&idem).await;
    let all = async {
        let released = Count { namespace: namespace(), state: StateKind::Released };
        while store.count(released.clone()).await.unwrap() < 250 {
            tokio::time::sleep(OFTEN).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), all).await.expect("every page is looked at");
    assert_eq!(oracle.asked(), 250);
    assert!(oracle.most.load(Ordering::SeqCst) <= 4);
}

#[tokio::test]
async fn a_call_waits_for_the_hook_that_the_keeper_asked() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::waiting([Verification::DidNotHappen]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    wake(&idem).await;
    oracle.entered.notified().await;
    let runs = AtomicU32::new(0);
    let (result, ()) = tokio::join!(call(&idem, PLAIN, "k", &runs), async { oracle.leave.notify_one() });
    assert_eq!((result, oracle.asked()), (Ok(1), 1));
}

#[tokio::test]
async fn the_keeper_leaves_a_record_to_the_call_that_is_at_it() {
    let store = FaultyStore::new();
    let oracle = Oracle::waiting([Verification::DidNotHappen]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).sweep_interval(OFTEN).build();
    wake(&idem).await;
    // Met while a call is at it: the keeper cannot have been first.
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    let held = record(&store, "k").await.unwrap().owner;
    assert_eq!(
        store.mark_unknown(MarkUnknown { address: address("k"), owner: held }).await.unwrap(),
        crate::protocol::WriteOutcome::Applied
    );
    a_round_goes_by(&store).await;
    assert_eq!(oracle.asked(), 0, "its handler still runs here");
    assert_eq!(owner.finish().await, Ok(1), "and its word counts");
}

#[tokio::test]
async fn who_could_not_tell_is_left_alone_by_the_keeper_too() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(Verification::CannotTell)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).sweep_interval(OFTEN).build();
    wake(&idem).await;
    oracle.entered.notified().await;
    a_round_goes_by(&store).await;
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_that_blocks_its_thread_delays_no_renewal() {
    let store = FaultyStore::new();
    unknown(&store, "unknown").await;
    let (leave, left) = std::sync::mpsc::channel::<()>();
    let left = std::sync::Mutex::new(left);
    let entered = Arc::new(Notify::new());
    let inside = Arc::clone(&entered);
    let hook = move |_: Unsettled| {
        inside.notify_one();
        let _ends = left.lock().unwrap().recv();
        async { Ok(Verification::CannotTell) }
    };
    let idem = builder(&store, hook).lease(Duration::from_millis(400)).build();
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    entered.notified().await;
    let seen = store.renewals.available_permits();
    let renewed = async {
        while store.renewals.available_permits() < seen + 4 {
            tokio::time::sleep(OFTEN).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the keeper goes on renewing");
    leave.send(()).unwrap();
    assert_eq!(owner.finish().await, Ok(1));
}

#[tokio::test]
async fn a_runtime_that_ends_is_replaced_by_the_next_callers() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(yes(7))]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).sweep_interval(OFTEN).verify_pause(OFTEN);
    // Until the first runtime is gone, there is nothing to ask about.
    let idem = idem.verify_after(Duration::from_millis(20)).build();
    let first = idem.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(wake(&first));
    })
    .join()
    .unwrap();
    let answered = async {
        while record(&store, "k").await.unwrap().state.kind() != StateKind::Done {
            wake(&idem).await;
            tokio::time::sleep(OFTEN).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), answered).await.expect("some runtime is found");
    assert_eq!(oracle.asked(), 1);
}
