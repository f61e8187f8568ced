//! Calls that meet an unknown outcome and a hook.

use std::sync::Mutex;

use super::faulty::Fault;
use super::*;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::protocol::{AuditLine, Claim, ClaimOutcome, Nonce, Owner, Seen, Terms, WriteOutcome};
use crate::store::{Completion, Forget, MarkUnknown};
use crate::verify::{Unsettled, Verification, Verify, VerifyError};

const NO: Verification = Verification::DidNotHappen;

pub(super) fn yes(value: u32) -> Verification {
    Verification::Happened(crate::plain::reply(&value).unwrap())
}

/// A key whose record is unknown, and its owner.
pub(super) async fn unknown(store: &FaultyStore, key: &str) -> Owner {
    unknown_of(store, "op", key).await
}

pub(super) async fn unknown_of(store: &FaultyStore, operation: &str, key: &str) -> Owner {
    unknown_in(store, "", operation, key).await.1
}

/// The same of an engine of this namespace; and where its record is.
pub(super) async fn unknown_in(
    store: &FaultyStore,
    namespace: &str,
    operation: &str,
    key: &str,
) -> (Address, Owner) {
    let address = Address::new(namespace, b"", "op", key.as_bytes());
    let claim = Claim {
        address,
        nonce: Nonce::fresh(),
        fingerprint: Fingerprint::none(),
        lease: Duration::from_secs(30),
        after_crash: AfterCrash::Unknown,
        terms: Terms::new(Duration::from_hours(1), Duration::from_secs(30), namespace),
        label: Label::new(operation, b""),
        key_hint: KeyHint::of(key.as_bytes()),
    };
    let ClaimOutcome::Won(won) = store.inner.claim(claim).await.unwrap() else { panic!("not fresh") };
    let mark = MarkUnknown { address, owner: won.owner };
    assert_eq!(store.inner.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
    (address, won.owner)
}

/// Says what it is told to say, and counts how often and how many at once it is asked.
#[derive(Default)]
pub(super) struct Oracle {
    pub(super) asked: AtomicU32,
    at_once: AtomicU32,
    pub(super) most: AtomicU32,
    pub(super) entered: Notify,
    pub(super) leave: Notify,
    pub(super) waits: bool,
    pub(super) says: Mutex<Vec<Result<Verification, &'static str>>>,
}

impl Oracle {
    pub(super) fn new(says: impl IntoIterator<Item = Result<Verification, &'static str>>) -> Arc<Self> {
        Arc::new(Self { says: Mutex::new(says.into_iter().collect()), ..Self::default() })
    }

    /// One that waits for `leave` each time.
    pub(super) fn waiting(says: impl IntoIterator<Item = Verification>) -> Arc<Self> {
        let says = Mutex::new(says.into_iter().map(Ok).collect());
        Arc::new(Self { says, waits: true, ..Self::default() })
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

pub(super) struct Ask(pub(super) Arc<Oracle>);

impl Verify for Ask {
    async fn verify(&self, unsettled: Unsettled) -> Result<Verification, VerifyError> {
        assert_eq!(unsettled.operation(), "op");
        let oracle = &self.0;
        oracle.asked.fetch_add(1, Ordering::SeqCst);
        let _leaves = Leaves(oracle);
        oracle.most.fetch_max(oracle.at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        oracle.entered.notify_one();
        if oracle.waits {
            oracle.leave.notified().await;
        }
        // So that those who are asked at once meet.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let says = oracle.says.lock().unwrap().pop();
        Ok(says.expect("it is asked no more often")?)
    }
}

struct Leaves<'o>(&'o Oracle);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.at_once.fetch_sub(1, Ordering::SeqCst);
    }
}

type Builder = crate::IdemBuilder<Arc<FaultyStore>, Scope>;

pub(super) fn builder(store: &Arc<FaultyStore>, hook: impl Verify) -> Builder {
    Idem::builder(Arc::clone(store))
        .scope(Scope::public())
        .verify("op", hook)
        .verify_after(Duration::ZERO)
        .verify_timeout(Duration::from_secs(20))
}

pub(super) async fn line(store: &FaultyStore, key: &str) -> Option<String> {
    let line = record(store, key).await?.audit?;
    AuditLine::as_str(&line).split_once(' ').map(|(_, said)| said.to_owned())
}

#[tokio::test]
async fn what_did_not_happen_runs() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(NO)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(oracle.asked(), 1);
    let record = record(&store, "k").await.unwrap();
    assert_eq!((record.state.kind(), record.attempts), (StateKind::Done, 2));
    assert_eq!(line(&store, "k").await.as_deref(), Some("verified: did not happen"));
}

#[tokio::test]
async fn what_happened_is_replayed() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(yes(7))]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = AtomicU32::new(0);
    for _ in 0..2 {
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(7));
    }
    assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(line(&store, "k").await.as_deref(), Some("verified: happened"));
}

#[tokio::test]
async fn who_cannot_tell_leaves_it_unknown_and_is_not_asked_again_at_once() {
    for answer in [Ok(Verification::CannotTell), Err("the bank is closed")] {
        let store = FaultyStore::new();
        unknown(&store, "k").await;
        let oracle = Oracle::new([answer]);
        let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
        let runs = AtomicU32::new(0);
        for _ in 0..3 {
            assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
        }
        assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (1, 0));
        assert_eq!(line(&store, "k").await, None);
    }
}

#[tokio::test]
async fn a_hook_that_panics_or_never_ends_cannot_tell() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let (asked, runs) = (Arc::new(AtomicU32::new(0)), AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let panics = move |_: Unsettled| {
        count.fetch_add(1, Ordering::SeqCst);
        async { panic!("as meant") }
    };
    let idem = builder(&store, panics).build();
    for _ in 0..2 {
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let oracle = Oracle::waiting([]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).verify_timeout(Duration::from_millis(5)).build();
    for _ in 0..2 {
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    }
    assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Unknown);
}

#[tokio::test]
async fn after_a_pause_it_is_asked_again() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(NO), Ok(Verification::CannotTell)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).verify_pause(Duration::from_millis(1)).build();
    let runs = AtomicU32::new(0);
    while call(&idem, PLAIN, "k", &runs).await != Ok(1) {
        tokio::task::yield_now().await;
    }
    assert_eq!(oracle.asked(), 2);
}

#[tokio::test]
async fn a_record_that_was_just_met_is_left_to_its_owner() {
    let store = FaultyStore::new();
    let owner = unknown(&store, "k").await;
    let oracle = Oracle::new([]);
    let hook = Ask(Arc::clone(&oracle));
    // One lease by default.
    let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).verify("op", hook).build();
    let runs = AtomicU32::new(0);
    for _ in 0..2 {
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    }
    let reply = crate::plain::reply(&9).unwrap();
    let late = Completion { address: address("k"), owner, reply, retention: Duration::from_mins(1) };
    assert_eq!(store.complete(late).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(9));
    assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn only_the_hook_of_the_operation_is_asked_and_only_for_the_same_request() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([]);
    let runs = AtomicU32::new(0);
    let hook = Ask(Arc::clone(&oracle));
    let elsewhere = Idem::builder(Arc::clone(&store)).scope(Scope::public()).verify("other", hook);
    let elsewhere = elsewhere.verify_after(Duration::ZERO).build();
    assert_eq!(call(&elsewhere, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let body = async || Ok::<u32, Refused>(0);
    let other = operation(&idem, PLAIN)
        .key("k")
        .fingerprint("another request")
        .call(errors())
        .run(Box::pin(body()))
        .await;
    assert_eq!(other, Err(Refused::KeyReused));
    assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn twins_wait_for_one_hook() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::waiting([NO]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = Arc::new(AtomicU32::new(0));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (idem, runs) = (idem.clone(), Arc::clone(&runs));
        calls.spawn(async move { call(&idem, WAIT, "k", &runs).await });
    }
    oracle.entered.notified().await;
    // All that were spawned before have come as far as they can.
    tokio::task::yield_now().await;
    oracle.leave.notify_one();
    while let Some(result) = calls.join_next().await {
        assert_eq!(result.unwrap(), Ok(1));
    }
    assert_eq!((oracle.asked(), runs.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn an_owner_that_completes_while_the_hook_is_asked_counts() {
    let store = FaultyStore::new();
    let owner = unknown(&store, "k").await;
    let oracle = Oracle::waiting([NO]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = AtomicU32::new(0);
    let late = async {
        oracle.entered.notified().await;
        let reply = crate::plain::reply(&9).unwrap();
        let late = Completion { address: address("k"), owner, reply, retention: Duration::from_mins(1) };
        assert_eq!(store.complete(late).await.unwrap(), WriteOutcome::Applied);
        oracle.leave.notify_one();
    };
    let (result, ()) = tokio::join!(call(&idem, PLAIN, "k", &runs), late);
    assert_eq!((result, runs.load(Ordering::SeqCst)), (Ok(9), 0));
    assert_eq!(line(&store, "k").await, None);
}

#[tokio::test]
async fn an_owner_that_is_slower_than_the_verdict_hears_what_came_of_it() {
    let store = FaultyStore::new();
    let slow = idem(&store);
    let owner = Held::start(&slow, PLAIN, "", Ok(1)).await;
    let held = record(&store, "k").await.unwrap().owner;
    let mark = MarkUnknown { address: address("k"), owner: held };
    assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
    let oracle = Oracle::new([Ok(NO)]);
    let fast = builder(&store, Ask(Arc::clone(&oracle))).build();
    let body = async || Ok::<u32, Refused>(2);
    assert_eq!(
        operation(&fast, PLAIN).key("k").fingerprint("").call(errors()).run(Box::pin(body())).await,
        Ok(2)
    );
    assert_eq!(owner.finish().await, Ok(2));
}

#[tokio::test]
async fn a_verdict_that_is_not_recorded_lets_nothing_run() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(NO)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::Down]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Unknown);
}

#[tokio::test]
async fn what_is_unknown_again_is_left_to_the_next_call() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let asked = Arc::new(AtomicU32::new(0));
    let (count, elsewhere) = (Arc::clone(&asked), Arc::clone(&store));
    // While the hook is asked, another process settles the record, runs it, and dies.
    let hook = move |_: Unsettled| {
        let (count, store) = (Arc::clone(&count), Arc::clone(&elsewhere));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            let seen = Seen::of(&record(&store, "k").await.unwrap());
            let forgotten =
                store.forget(Forget { namespace: namespace(), address: address("k"), seen }).await?;
            assert_eq!(forgotten, WriteOutcome::Applied);
            unknown(&store, "k").await;
            Ok(NO)
        }
    };
    let idem = builder(&store, hook).build();
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::OutcomeUnknown));
    assert_eq!((asked.load(Ordering::SeqCst), runs.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test]
async fn a_verdict_whose_answer_is_lost_counts() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::new([Ok(NO)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = AtomicU32::new(0);
    store.writes_meet([Fault::ReplyLost]);
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
}

#[tokio::test]
async fn a_caller_that_hangs_up_takes_the_question_along() {
    let store = FaultyStore::new();
    unknown(&store, "k").await;
    let oracle = Oracle::waiting([NO]);
    let idem = builder(&store, Ask(Arc::clone(&oracle))).build();
    let runs = AtomicU32::new(0);
    {
        let mut gone = std::pin::pin!(call(&idem, PLAIN, "k", &runs));
        tokio::select! {
            _ = &mut gone => panic!("the hook waits"),
            () = oracle.entered.notified() => {}
        }
    }
    oracle.leave.notify_one();
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!((oracle.asked(), oracle.most.load(Ordering::SeqCst)), (2, 1));
}
