//! Calls with one key in one process and in two.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_twins_that_wait_get_one_result() {
    let store = FaultyStore::new();
    let engines = [idem(&store), idem(&store)];
    let runs = Arc::new(AtomicU32::new(0));
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..64 {
        let (idem, runs) = (engines[n % 2].clone(), Arc::clone(&runs));
        calls.spawn(async move { call(&idem, WAIT, "k", &runs).await });
    }
    while let Some(result) = calls.join_next().await {
        assert_eq!(result.unwrap(), Ok(1));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_twin_is_told_at_once_and_asks_no_store() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let owner = Held::start(&idem, PLAIN, "a", Ok(7)).await;
    let asked = store.claims_seen.load(Ordering::SeqCst);
    let twin = |fingerprint: &'static str| {
        operation(&idem, PLAIN)
            .key("k")
            .fingerprint(fingerprint)
            .call(errors())
            .run(Box::pin(async { Ok::<u32, Refused>(0) }))
    };
    assert!(matches!(twin("a").await, Err(Refused::InProgress { .. })));
    // A mismatch is told before in progress.
    assert_eq!(twin("b").await, Err(Refused::KeyReused));
    assert_eq!(store.claims_seen.load(Ordering::SeqCst), asked);
    assert_eq!(owner.finish().await, Ok(7));
    // A completed reply is answered from the cache, its mismatch too.
    assert_eq!(twin("a").await, Ok(7));
    assert_eq!(twin("b").await, Err(Refused::KeyReused));
    assert_eq!(store.claims_seen.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn a_waiting_twin_runs_after_a_release() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let failed = Err(Refused::HandlerPanicked);
    let owner = Held::start(&idem, PLAIN, "", failed.clone()).await;
    let runs = AtomicU32::new(0);
    let body = async || Ok(runs.fetch_add(1, Ordering::SeqCst) + 1);
    let twin = operation(&idem, WAIT).key("k").fingerprint("").call(errors()).run(Box::pin(body()));
    assert_eq!(tokio::join!(twin, owner.finish()), (Ok(1), failed));
    assert_eq!(record(&store, "k").await.unwrap().attempts, 2);
}

#[tokio::test]
async fn a_panic_leaves_unknown_or_frees_the_key() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    for (spec, key, state) in [(PLAIN, "a", StateKind::Unknown), (RERUN, "b", StateKind::Released)] {
        let idem = idem.clone();
        let body = async || -> Result<u32, Refused> { panic!("as meant") };
        let call = tokio::spawn(async move {
            operation(&idem, spec).key(key).call(errors()).run(Box::pin(body())).await
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(record(&store, key).await.unwrap().state.kind(), state);
    }
    let runs = AtomicU32::new(0);
    assert_eq!(call(&idem, PLAIN, "a", &runs).await, Err(Refused::OutcomeUnknown));
    assert_eq!(call(&idem, RERUN, "b", &runs).await, Ok(1));
}
