//! Operations to put to a store, and the names they live under.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use idem_core::protocol::{
    Claim, ClaimOutcome, Namespace, Nonce, Order, Owner, Seen, StateKind, Terms, Verdict, WriteOutcome,
};
use idem_core::store::{Completion, Count, Forget, Release, Settlement, Store, StoreError, StoreErrorKind};
use idem_core::{Address, Fingerprint, KeyHint, Label, Reply};

pub(crate) const LEASE: Duration = Duration::from_secs(30);
pub(crate) const RETENTION: Duration = Duration::from_hours(1);

/// A name that no other test of this process, and no other process, uses on a shared server.
pub(crate) fn fresh_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn address(key: &str) -> Address {
    Address::new("shop", b"acme", "POST /pay", key.as_bytes())
}

pub(crate) fn claim(key: &str) -> Claim {
    Claim::new(
        address(key),
        Nonce::fresh(),
        Fingerprint::of_value(&"EUR 10").unwrap(),
        LEASE,
        Terms::new(RETENTION, LEASE, "shop"),
    )
    .for_operators(Label::new("POST /pay", b"acme"), KeyHint::of(key.as_bytes()))
}

/// `value`, with a change.
pub(crate) fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

pub(crate) fn reply(key: &str) -> Reply {
    format!("the answer of {key}").into_bytes().into()
}

pub(crate) fn completion(key: &str, owner: Owner) -> Completion {
    Completion::new(address(key), owner, reply(key), RETENTION)
}

pub(crate) fn release(key: &str, owner: Owner) -> Release {
    Release::new(address(key), owner, RETENTION)
}

/// Of the records that [`claim`] makes.
pub(crate) fn namespace() -> Namespace {
    Namespace::new("shop")
}

pub(crate) fn counting(state: StateKind) -> Count {
    Count::new(namespace(), state)
}

/// A record that is seen unknown.
pub(crate) const fn seen_unknown(owner: Owner) -> Seen {
    Seen::new(owner, StateKind::Unknown, None)
}

/// A verdict about an unknown record.
pub(crate) fn settlement(key: &str, owner: Owner, verdict: Verdict) -> Settlement {
    let order = Order::by("ada").because("bank has no such charge");
    Settlement::new(namespace(), address(key), seen_unknown(owner), verdict, order, RETENTION)
}

/// An order to forget the record as it is.
pub(crate) async fn forgetting(store: &impl Store, key: &str) -> Forget {
    let record = store.look_up(address(key)).await.unwrap().expect("there is something to forget");
    Forget::new(namespace(), address(key), Seen::of(&record))
}

/// As hexadecimal digits, for a statement.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[track_caller]
pub(crate) fn owner_in(outcome: Result<ClaimOutcome, StoreError>) -> Owner {
    match outcome.unwrap() {
        ClaimOutcome::Won(won) => won.owner,
        other => panic!("not won: {other:?}"),
    }
}

pub(crate) async fn win(store: &dyn Store, key: &str) -> Owner {
    owner_in(store.claim(claim(key)).await)
}

pub(crate) async fn complete(store: &dyn Store, key: &str) -> Owner {
    let owner = win(store, key).await;
    assert_eq!(store.complete(completion(key, owner)).await.unwrap(), WriteOutcome::Applied);
    owner
}

#[track_caller]
pub(crate) fn kind<T: Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.unwrap_err().kind()
}

/// Polls once, which sends the operation.
pub(crate) async fn is_pending<F: Future + ?Sized>(operation: &mut Pin<Box<F>>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(operation.as_mut().poll(cx).is_pending())).await
}

/// Looks until `look` finds something; fails after a time that no healthy run comes near.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "it did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A record of before there were audit lines, unknown at the key "k" with the fence 7, takes an order.
pub(crate) async fn settle_the_old_one(store: &impl Store) {
    let record = store.look_up(address("k")).await.unwrap().expect("it was there before");
    assert_eq!((record.owner.fence.as_u64(), record.audit), (7, None));
    let verdict = settlement("k", record.owner, Verdict::DidNotHappen);
    assert_eq!(store.settle(verdict).await.unwrap(), WriteOutcome::Applied);
    let owner = win(store, "k").await;
    let record = store.look_up(address("k")).await.unwrap().expect("it is there");
    assert!(record.audit.expect("a line").as_str().ends_with("by ada: bank has no such charge"));
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
}
