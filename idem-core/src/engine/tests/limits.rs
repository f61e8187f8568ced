//! Time limits around the store, and what goes on in spite of a store that hangs or panics.

use super::faulty::Fault;
use super::*;
use crate::Drained;

const LONGEST: Duration = Duration::MAX;

/// The store takes nothing any more, and does not say so.
#[tokio::test(start_paused = true)]
async fn a_drain_ends_although_the_store_is_silent() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let owner = Held::start(&idem, PLAIN, "", Ok(1)).await;
    store.writes_meet([Fault::Hang; 64]);
    let asked = tokio::time::Instant::now();
    assert_eq!(idem.drain(Duration::from_secs(1)).await, Drained::Abandoned(1));
    // Simulated time, which is counted in whole milliseconds.
    assert!(asked.elapsed() < Duration::from_millis(2100), "{:?}", asked.elapsed());
    owner.call.abort();
}

#[tokio::test]
async fn a_sweep_that_hangs_is_given_up_and_the_next_one_is_made() {
    let store = FaultyStore::new();
    store.sweep_hangs.store(true, Ordering::SeqCst);
    let idem = Idem::builder(Arc::clone(&store))
        .scope(Scope::public())
        .store_timeout(Duration::from_millis(50))
        .sweep_interval(Duration::from_millis(10))
        .build();
    assert_eq!(call(&idem, PLAIN, "k", &AtomicU32::new(0)).await, Ok(1));
    let swept = async {
        for _ in 0..3 {
            store.sweeps.acquire().await.unwrap().forget();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), swept).await.expect("sweeping has ended");
}

/// Renewals go on after one that panicked, so the handler keeps its lease.
#[tokio::test]
async fn the_keeper_survives_a_renewal_that_panics() {
    let store = FaultyStore::new();
    let (idem, other) = (idem(&store), idem(&store));
    let runs = AtomicU32::new(0);
    store.renewals_panic.store(2, Ordering::SeqCst);
    let short = RERUN.lease(600);
    let body = async || {
        for _ in 0..9 {
            store.renewals.acquire().await.unwrap().forget();
        }
        assert!(matches!(call(&other, short, "k", &runs).await, Err(Refused::InProgress { .. })));
        Ok::<_, Refused>(9)
    };
    assert_eq!(operation(&idem, short).key("k").call(errors()).run(Box::pin(body())).await, Ok(9));
    assert_eq!(store.renewals_panic.load(Ordering::SeqCst), 0, "no renewal panicked");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

/// The background writes go on after the panic, too: else the record would be renewed for as long as the process lives.
#[tokio::test]
async fn a_write_that_panics_is_repeated() {
    let store = FaultyStore::new();
    let idem = Idem::builder(Arc::clone(&store))
        .scope(Scope::public())
        .completion_timeout(Duration::from_mins(1))
        .store_timeout(Duration::from_mins(1))
        .build();
    store.writes_meet([Fault::Panic; 3]);
    assert_eq!(call(&idem, PLAIN, "k", &AtomicU32::new(0)).await, Ok(1));
    assert_eq!(record(&store, "k").await.unwrap().state.kind(), StateKind::Done);

    store.writes_meet([Fault::Hang, Fault::Panic, Fault::Panic]);
    let caller = tokio::spawn({
        let idem = idem.clone();
        async move { call(&idem, PLAIN, "left", &AtomicU32::new(0)).await }
    });
    store.hanging.acquire().await.unwrap().forget();
    caller.abort();
    reaches(&store, "left", StateKind::Done).await;
}

/// Spans of any length, in every setting: no panic, and one run for each key.
#[tokio::test]
async fn the_longest_and_the_shortest_spans_are_taken() {
    for span in [Duration::ZERO, Duration::from_nanos(1), LONGEST] {
        let store = FaultyStore::new();
        let builder = Idem::builder(Arc::clone(&store)).scope(Scope::public());
        let builder = builder.ttl(LONGEST).max_run(LONGEST).lease(span).wait(span).sweep_interval(span);
        let builder = builder.completion_timeout(span).store_timeout(LONGEST).cache_max_age(span);
        let idem = builder.verify_after(span).verify_timeout(span).verify_pause(span).build();
        let runs = AtomicU32::new(0);
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1), "{span:?}");
        assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1), "{span:?}");
        // The keeper of a panicked thread renews and settles nothing any more.
        store.writes_meet([Fault::Hang]);
        let caller = tokio::spawn({
            let idem = idem.clone();
            async move { call(&idem, PLAIN.lease(60_000), "left", &AtomicU32::new(0)).await }
        });
        store.hanging.acquire().await.unwrap().forget();
        caller.abort();
        reaches(&store, "left", StateKind::Done).await;
        assert_eq!(idem.drain(span.max(Duration::from_secs(20))).await, Drained::Clean, "{span:?}");
    }
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused_before_anything_runs() {
    let store = FaultyStore::new();
    let builder = || Idem::builder(Arc::clone(&store)).scope(Scope::public());
    let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
    let runs = AtomicU32::new(0);
    for idem in [
        builder().lease(hour).ttl(second).build(),
        builder().ttl(second).lease(hour).build(),
        builder().lease(hour).max_run(second).build(),
    ] {
        assert!(matches!(call(&idem, PLAIN, "k", &runs).await, Err(Refused::Misconfigured(_))));
        // A handler's own settings count.
        assert_eq!(call(&idem, PLAIN.lease(1_000), "other", &AtomicU32::new(0)).await, Ok(1));
    }
    assert!(matches!(
        call(&builder().build(), PLAIN.lease(2).max_run(1), "k", &runs).await,
        Err(Refused::Misconfigured(_))
    ));
    for idem in
        [builder().lease(hour * 9).build(), builder().ttl(second).build(), builder().max_run(second).build()]
    {
        assert_eq!(call(&idem, PLAIN, "kept", &AtomicU32::new(0)).await, Ok(1));
    }
    assert_eq!((runs.load(Ordering::SeqCst), record(&store, "k").await), (0, None));
}
