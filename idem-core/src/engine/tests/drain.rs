//! Shutting down.

use super::*;
use crate::Drained;
use tokio::sync::Notify;

#[tokio::test]
async fn a_drain_waits_for_the_running_and_refuses_the_new() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let owner = tokio::spawn({
        let (idem, entered, leave) = (idem.clone(), Arc::clone(&entered), Arc::clone(&leave));
        async move {
            let body = async || {
                entered.notify_one();
                leave.notified().await;
                Ok::<_, Refused>(1)
            };
            operation(&idem, PLAIN).key("k").run(errors(), body).await
        }
    });
    entered.notified().await;
    let drain = idem.drain(Duration::from_secs(20));
    let check = async {
        let runs = AtomicU32::new(0);
        assert!(matches!(call(&idem, PLAIN, "other", &runs).await, Err(Refused::ShuttingDown { .. })));
        leave.notify_one();
    };
    let (drained, ()) = tokio::join!(drain, check);
    assert_eq!(drained, Drained::Clean);
    assert_eq!(owner.await.unwrap(), Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);
}

#[tokio::test]
async fn what_runs_past_the_deadline_becomes_unknown_and_may_still_complete() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let owner = tokio::spawn({
        let (idem, entered, leave) = (idem.clone(), Arc::clone(&entered), Arc::clone(&leave));
        async move {
            let body = async || {
                entered.notify_one();
                leave.notified().await;
                Ok::<_, Refused>(1)
            };
            operation(&idem, RERUN).key("k").run(errors(), body).await
        }
    });
    entered.notified().await;
    assert_eq!(idem.drain(Duration::ZERO).await, Drained::Abandoned(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Unknown);
    leave.notify_one();
    assert_eq!(owner.await.unwrap(), Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);
}
