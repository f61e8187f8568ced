//! Tasks that go on when their handler has ended.

use std::sync::Mutex;

use tokio::sync::oneshot;

use super::faulty::Fault;
use super::*;

#[tokio::test]
async fn a_call_of_the_operation_that_is_being_settled_is_a_twin_and_no_re_entry() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    store.writes_meet([Fault::Slow]);
    let (ended, over) = oneshot::channel::<()>();
    let left = Mutex::new(None);
    let body = async || {
        let idem = idem.clone();
        let later = crate::spawn(async move {
            over.await.unwrap();
            call(&idem, PLAIN, "k", &AtomicU32::new(0)).await
        });
        *left.lock().unwrap() = Some(later);
        Ok::<u32, Refused>(7)
    };
    let owner = operation(&idem, PLAIN).key("k").call(errors()).run(Box::pin(body()));
    let meanwhile = async {
        store.hanging.acquire().await.unwrap().forget();
        ended.send(()).unwrap();
        let later = left.lock().unwrap().take().unwrap();
        assert!(matches!(later.await.unwrap(), Err(Refused::InProgress { .. })));
        store.go_on();
    };
    assert_eq!(tokio::join!(owner, meanwhile).0, Ok(7));
}

#[tokio::test]
async fn a_call_of_an_operation_whose_caller_was_dropped_is_no_re_entry() {
    let store = FaultyStore::new();
    let idem = idem(&store);
    let (ended, over) = oneshot::channel::<()>();
    let (give, left) = oneshot::channel();
    let (spawned, inside) = (Arc::new(Notify::new()), idem.clone());
    let entered = Arc::clone(&spawned);
    let owner = tokio::spawn(async move {
        let body = async || {
            let idem = inside.clone();
            let later = crate::spawn(async move {
                over.await.unwrap();
                call(&idem, PLAIN, "k", &AtomicU32::new(0)).await
            });
            give.send(later).unwrap();
            entered.notify_one();
            std::future::pending::<Result<u32, Refused>>().await
        };
        operation(&inside, PLAIN).key("k").call(errors()).run(Box::pin(body())).await
    });
    spawned.notified().await;
    owner.abort();
    reaches(&store, "k", StateKind::Unknown).await;
    ended.send(()).unwrap();
    assert_eq!(left.await.unwrap().await.unwrap(), Err(Refused::OutcomeUnknown));
}
