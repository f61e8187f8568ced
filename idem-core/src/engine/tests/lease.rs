//! Slow owners.

use super::*;
use crate::protocol::{RenewOutcome, Seen, WriteOutcome};
use crate::store::{Forget, MarkUnknown};

/// Long enough that a stalled machine does not end it by itself.
const SHORT: Spec = RERUN.lease(400);

#[tokio::test]
async fn a_handler_slower_than_its_lease_is_renewed_and_not_taken_over() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = AtomicU32::new(0);
    let body = async || {
        // A third of a lease each: five leases in all.
        for _ in 0..15 {
            store.renewals.acquire().await.unwrap().forget();
            assert!(matches!(call(&other, SHORT, "k", &runs).await, Err(Refused::InProgress { .. })));
        }
        Ok::<_, Refused>(9)
    };
    assert_eq!(operation(&idem, SHORT).key("k").call(errors()).run(Box::pin(body())).await, Ok(9));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

/// Six times in a row another connection has the row locked just when it is to be renewed. With one try in each third of
/// a lease, the lease would have ended.
#[tokio::test]
async fn a_renewal_that_met_a_locked_row_is_repeated_soon() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = AtomicU32::new(0);
    let long = RERUN.lease(6000);
    *store.renew_answer.lock().unwrap() = Some(RenewOutcome::Skipped);
    let body = async || {
        for _ in 0..6 {
            store.renewals.acquire().await.unwrap().forget();
        }
        assert!(matches!(call(&other, long, "k", &runs).await, Err(Refused::InProgress { .. })));
        Ok::<_, Refused>(9)
    };
    assert_eq!(operation(&idem, long).key("k").call(errors()).run(Box::pin(body())).await, Ok(9));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn renewal_does_not_wait_for_a_sweep() {
    let store = FaultyStore::new();
    store.sweep_hangs.store(true, Ordering::SeqCst);
    let idem = idem(&store);
    let body = async || {
        for _ in 0..6 {
            store.renewals.acquire().await.unwrap().forget();
        }
        Ok::<_, Refused>(1)
    };
    assert_eq!(operation(&idem, SHORT).key("k").call(errors()).run(Box::pin(body())).await, Ok(1));
}

#[tokio::test]
async fn renewal_does_not_need_the_callers_runtime() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let (watched, seen) = (Arc::clone(&store), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for _ in 0..6 {
                watched.renewals.acquire().await.unwrap().forget();
            }
        });
        seen.0.send(()).unwrap();
    });
    // This blocks the only thread of the caller's runtime for more than one lease.
    let body = async || {
        seen.1.recv().unwrap();
        Ok::<_, Refused>(1)
    };
    assert_eq!(operation(&idem, SHORT).key("k").call(errors()).run(Box::pin(body())).await, Ok(1));
}

#[tokio::test]
async fn a_slow_owner_that_wakes_after_a_take_over_writes_nothing_and_answers_what_the_winner_did() {
    let store = FaultyStore::new();
    let (slow, fast) = (idem(&store), idem(&store));
    let runs = AtomicU32::new(100);
    // Renewals vanish, so the lease ends under the slow owner.
    *store.renew_answer.lock().unwrap() = Some(RenewOutcome::Skipped);
    let body = async || {
        let won = loop {
            match call(&fast, SHORT, "k", &runs).await {
                Err(Refused::InProgress { .. }) => tokio::task::yield_now().await,
                other => break other,
            }
        };
        assert_eq!(won, Ok(101));
        Ok::<_, Refused>(1)
    };
    assert_eq!(operation(&slow, SHORT).key("k").call(errors()).run(Box::pin(body())).await, Ok(101));
    let record = record(&store, "k").await.unwrap();
    assert_eq!((record.state.kind(), record.attempts), (StateKind::Done, 2));
}

#[tokio::test]
async fn a_slow_owner_does_not_answer_what_another_request_under_its_key_got() {
    let store = FaultyStore::new();
    let (slow, other) = (idem(&store), idem(&store));
    let held = Held::start(&slow, PLAIN, "a", Ok(1)).await;
    let address = address("k");
    let owner = record(&store, "k").await.unwrap().owner;
    // The record is given up, an operator forgets it, and another caller uses the key for another request.
    assert_eq!(store.mark_unknown(MarkUnknown { address, owner }).await.unwrap(), WriteOutcome::Applied);
    let seen = Seen::of(&record(&store, "k").await.unwrap());
    assert_eq!(
        store.forget(Forget { namespace: namespace(), address, seen }).await.unwrap(),
        WriteOutcome::Applied
    );
    let body = async || Ok::<_, Refused>(2);
    assert_eq!(
        operation(&other, PLAIN).key("k").fingerprint("b").call(errors()).run(Box::pin(body())).await,
        Ok(2)
    );

    assert_eq!(held.finish().await, Err(Refused::OutcomeUnknown));
}

#[tokio::test]
async fn a_handler_that_lost_its_claim_is_stopped() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    *store.renew_answer.lock().unwrap() = Some(RenewOutcome::Lost);
    let dropped = Arc::new(Notify::new());
    let witness = OnDrop(Arc::clone(&dropped));
    let body = async move || {
        let _witness = witness;
        std::future::pending::<Result<u32, Refused>>().await
    };
    let result = operation(&idem, SHORT).key("k").call(errors()).run(Box::pin(body())).await;
    assert_eq!(result, Err(Refused::OutcomeUnknown));
    dropped.notified().await;
}

/// What it holds, a lock or a connection, may be what the write waits for.
#[tokio::test]
async fn a_stopped_body_is_dropped_before_its_record_is_written() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    *store.renew_answer.lock().unwrap() = Some(RenewOutcome::Lost);
    store.writes_meet([faulty::Fault::Slow]);
    let dropped = Arc::new(Notify::new());
    let witness = OnDrop(Arc::clone(&dropped));
    let body = async move || {
        let _witness = witness;
        std::future::pending::<Result<u32, Refused>>().await
    };
    let call = operation(&idem, SHORT).key("k").call(errors()).run(Box::pin(body()));
    let looks_at_the_write = async {
        store.hanging.acquire().await.unwrap().forget();
        assert_eq!(Arc::strong_count(&dropped), 1, "the body is still there while its record is written");
        store.go_on();
    };
    let (result, ()) = tokio::join!(call, looks_at_the_write);
    assert!(result.is_err());
}

struct OnDrop(Arc<Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn max_run_ends_renewal() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = AtomicU32::new(0);
    let body = async || {
        while !matches!(call(&other, SHORT, "k", &runs).await, Ok(1)) {
            tokio::task::yield_now().await;
        }
        Ok::<_, Refused>(9)
    };
    assert_eq!(
        operation(&idem, SHORT.max_run(400)).key("k").call(errors()).run(Box::pin(body())).await,
        Ok(1)
    );
}
