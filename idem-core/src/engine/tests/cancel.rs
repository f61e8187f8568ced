//! Callers that leave in the handler, or at the completion. For those that leave at the claim, see `unclaimed`.

use super::faulty::Fault;
use super::*;

#[tokio::test]
async fn a_caller_dropped_in_the_handler_leaves_unknown_at_once_or_frees_the_key() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    for (spec, key, state) in [(PLAIN, "a", StateKind::Unknown), (RERUN, "b", StateKind::Released)] {
        let entered = Arc::new(Notify::new());
        let caller = tokio::spawn({
            let (idem, entered) = (idem.clone(), Arc::clone(&entered));
            async move {
                let body = async || {
                    entered.notify_one();
                    std::future::pending::<Result<u32, Refused>>().await
                };
                operation(&idem, spec).key(key).call(errors()).run(Box::pin(body())).await
            }
        });
        entered.notified().await;
        caller.abort();
        reaches(&store, key, state).await;
    }
}

#[tokio::test]
async fn a_caller_dropped_at_the_completion_loses_nothing() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let runs = Arc::new(AtomicU32::new(0));
    store.writes_meet([Fault::Hang]);
    let caller = tokio::spawn({
        let (idem, runs) = (idem.clone(), Arc::clone(&runs));
        async move { call(&idem, PLAIN, "k", &runs).await }
    });
    store.hanging.acquire().await.unwrap().forget();
    caller.abort();
    reaches(&store, "k", StateKind::Done).await;
    assert_eq!(call(&idem, PLAIN, "k", &runs).await, Ok(1));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
