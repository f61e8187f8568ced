//! Two services in one store.

use super::verify::{Ask, Oracle, builder, unknown_in, yes};
use super::*;
use crate::protocol::{RecordView, Verdict, WriteOutcome};
use crate::store::Entry;
use crate::verify::Verification;

const OURS: &str = "shop-a";
const THEIRS: &str = "shop-b";

async fn entry(store: &FaultyStore, at: Address) -> Entry {
    Entry { address: at, record: store.inner.look_up(at).await.unwrap().unwrap() }
}

/// The round after a sweep asks about its own record, and not about that of the other service, of the same operation.
#[tokio::test]
async fn a_hook_is_asked_about_records_of_its_namespace_only() {
    let store = FaultyStore::new();
    let ours = unknown_in(&store, OURS, "op", "k").await.0;
    let theirs = unknown_in(&store, THEIRS, "op", "k").await.0;
    let before = entry(&store, theirs).await;
    let oracle = Oracle::new([Ok(yes(7))]);
    let idem = builder(&store, Ask(Arc::clone(&oracle)))
        .namespace(OURS)
        .sweep_interval(Duration::from_millis(5))
        .build();
    // A call starts the keeper.
    assert_eq!(call(&idem, PLAIN, "other", &AtomicU32::new(0)).await, Ok(1));
    let settled = async || store.inner.look_up(ours).await.unwrap().unwrap().state.kind();
    while settled().await != StateKind::Done {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Some more rounds.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(entry(&store, theirs).await, before, "the other service's record is as it was");
    assert_eq!(oracle.asked(), 1);
}

/// The record does not name its namespace. A round leaves it alone. A call with its key asks the hook, because the address
/// holds the namespace.
#[tokio::test]
async fn a_hook_is_asked_about_a_record_of_the_previous_version_by_its_caller_only() {
    let store = FaultyStore::new();
    let at = unknown_in(&store, OURS, "op", "k").await.0;
    store.inner.lose_terms();
    let oracle = Oracle::new([Ok(Verification::DidNotHappen)]);
    let idem = builder(&store, Ask(Arc::clone(&oracle)))
        .namespace(OURS)
        .sweep_interval(Duration::from_millis(5))
        .build();
    assert_eq!(call(&idem, PLAIN, "other", &AtomicU32::new(0)).await, Ok(1));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        (oracle.asked(), store.inner.look_up(at).await.unwrap().unwrap().state.kind()),
        (0, StateKind::Unknown)
    );
    assert_eq!(call(&idem, PLAIN, "k", &AtomicU32::new(0)).await, Ok(1));
    assert_eq!(oracle.asked(), 1);
}

/// An operator who knows the address and the owner of another service's record does not reach it either.
#[tokio::test]
async fn an_operator_reaches_records_of_the_namespace_only() {
    let store = FaultyStore::new();
    let at = unknown_in(&store, THEIRS, "op", "k").await.0;
    let theirs = entry(&store, at).await;
    let idem_in = |namespace: &str| {
        Idem::builder(Arc::clone(&store)).scope(Scope::public()).namespace(namespace).build()
    };
    let (ours, their) = (idem_in(OURS), idem_in(THEIRS));
    let operator = ours.operator();
    assert_eq!(operator.list(StateKind::Unknown, None, 10).await.unwrap(), []);
    assert_eq!(operator.count(StateKind::Unknown).await.unwrap(), 0);
    assert_eq!(operator.inspect(at).await.unwrap(), None);
    let ada = operator.by("ada").because("it is in our way");
    for outcome in [
        ada.settle(&theirs, Verdict::DidNotHappen).await,
        ada.retry(&theirs).await,
        ada.forget(&theirs).await,
    ] {
        assert_eq!(outcome.unwrap(), WriteOutcome::Lost(RecordView::Absent));
    }
    assert_eq!(entry(&store, at).await, theirs);
    let operator = their.operator();
    assert_eq!(operator.list(StateKind::Unknown, None, 10).await.unwrap(), std::slice::from_ref(&theirs));
    assert_eq!(operator.inspect(at).await.unwrap().as_ref(), Some(&theirs.record));
    let bob = operator.by("bob").because("the books say so");
    assert_eq!(bob.settle(&theirs, Verdict::DidNotHappen).await.unwrap(), WriteOutcome::Applied);
}
