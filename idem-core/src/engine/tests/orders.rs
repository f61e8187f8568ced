//! Orders beside handlers that run.

use super::*;
use crate::protocol::{AuditLine, RecordView, RenewOutcome, Verdict, WriteOutcome};
use crate::store::Entry;

async fn entry(store: &FaultyStore, key: &str) -> Entry {
    Entry { address: address(key), record: record(store, key).await.unwrap() }
}

fn said(record: &Record) -> &str {
    record.audit.as_ref().map(AuditLine::as_str).and_then(|line| line.split_once(' ')).unwrap().1
}

#[tokio::test]
async fn a_released_owner_is_stopped_and_the_next_caller_runs_at_once() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    // No renewal tells the handler.
    *store.renew_answer.lock().unwrap() = Some(RenewOutcome::Skipped);
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    let ada = idem.operator().by("ada").because("that host is gone");
    assert_eq!(ada.release(&entry(&store, "k").await).await.unwrap(), WriteOutcome::Applied);
    // Without being let go.
    let stopped = tokio::time::timeout(Duration::from_secs(20), owner.call).await.expect("it is stopped");
    assert_eq!(stopped.unwrap(), Err(Refused::OutcomeUnknown));
    let runs = AtomicU32::new(7);
    let again = operation(&idem, PLAIN).key("k").fingerprint("");
    let body = async || Ok(runs.fetch_add(1, Ordering::SeqCst));
    assert_eq!(again.call(errors()).run(Box::pin(body())).await, Ok(7));
    let record = record(&store, "k").await.unwrap();
    assert_eq!((record.state.kind(), record.attempts), (StateKind::Done, 2));
    assert_eq!(said(&record), "released while running by ada: that host is gone");
}

#[tokio::test]
async fn a_late_owner_elsewhere_is_refused_its_completion() {
    let store = FaultyStore::new();
    let (slow, fast) = (idem(&store), idem(&store));
    let owner = Held::start(&slow, PLAIN, "", Ok(1)).await;
    let ada = fast.operator().by("ada").because("that host is gone");
    assert_eq!(ada.release(&entry(&store, "k").await).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(owner.finish().await, Err(Refused::OutcomeUnknown));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Released);
}

#[tokio::test]
async fn each_order_is_for_its_states_only() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "done", &runs).await, Ok(1));
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    let ada = idem.operator().by("ada").because("tidying up");
    let (running, done) = (entry(&store, "k").await, entry(&store, "done").await);
    for lost in [
        ada.retry(&running).await,
        ada.settle(&running, Verdict::DidNotHappen).await,
        ada.forget(&running).await,
    ] {
        assert_eq!(lost.unwrap(), WriteOutcome::Lost(RecordView::Running));
    }
    for lost in
        [ada.retry(&done).await, ada.release(&done).await, ada.settle(&done, Verdict::DidNotHappen).await]
    {
        assert!(matches!(lost.unwrap(), WriteOutcome::Lost(RecordView::Done { .. })));
    }
    assert_eq!(owner.finish().await, Ok(1));
    let unknown = verify::unknown(&store, "unknown").await;
    let entry = entry(&store, "unknown").await;
    assert_eq!(ada.release(&entry).await.unwrap(), WriteOutcome::Lost(RecordView::Unknown));
    assert_eq!(ada.retry(&entry).await.unwrap(), WriteOutcome::Applied);
    let record = record(&store, "unknown").await.unwrap();
    assert_eq!((record.owner, record.state.kind()), (unknown, StateKind::Released));
    assert_eq!(said(&record), "released with outcome unknown by ada: tidying up");
    assert_eq!(call(&idem, PLAIN, "unknown", &runs).await, Ok(2));
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_given_again() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    verify::unknown(&store, "k").await;
    let entry = entry(&store, "k").await;
    let ada = idem.operator().by("ada").because("no such charge");
    store.writes_meet([faulty::Fault::ReplyLost]);
    assert!(ada.settle(&entry, Verdict::DidNotHappen).await.is_err());
    let before = record(&store, "k").await;
    assert_eq!(ada.settle(&entry, Verdict::DidNotHappen).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(record(&store, "k").await, before);
    let bob = idem.operator().by("bob").because("no such charge");
    let lost = bob.settle(&entry, Verdict::DidNotHappen).await.unwrap();
    assert_eq!(lost, WriteOutcome::Lost(RecordView::Released));
}
