//! Plain operations that call themselves, and others that look like it.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::plain::{Errors, operation, spawn};
use crate::policy::Spec;
use crate::store::memory::MemoryStore;
use crate::{Idem, IdempotencyKey, Refused, Scope};

const OUTER: Spec = Spec::new().name("outer");
const INNER: Spec = Spec::new().name("inner");

fn idem() -> Idem<MemoryStore> {
    Idem::builder(MemoryStore::new()).scope(Scope::public()).build()
}

fn errors<T: serde::Serialize + serde::de::DeserializeOwned>() -> Errors<Result<T, Refused>> {
    Errors::unclassified()
}

/// A call whose body is `body`.
async fn call<T>(
    idem: &Idem<MemoryStore>,
    spec: Spec,
    key: &str,
    body: impl AsyncFnOnce() -> Result<T, Refused>,
) -> Result<T, Refused>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    operation(idem, spec).key(key).call(errors()).run(Box::pin(body())).await
}

#[tokio::test]
async fn an_operation_that_calls_itself_with_its_key_is_refused_at_once() {
    let idem = idem();
    // Unrefused, it would wait for itself, and then hear that it is in progress.
    let spec = OUTER.wait(100);
    let ran = AtomicU32::new(0);
    let body = async || {
        let itself = call(&idem, spec, "k", async || Ok(ran.fetch_add(1, Ordering::SeqCst))).await;
        assert_eq!(itself, Err(Refused::Reentered));
        let deeper = call(&idem, INNER, "k", async || {
            let outer = call(&idem, spec, "k", async || Ok(ran.fetch_add(1, Ordering::SeqCst))).await;
            assert_eq!(outer, Err(Refused::Reentered));
            Ok(1)
        });
        assert_eq!(deeper.await, Ok(1));
        // Detached, and in a task of its own.
        let (idem, owned) = (idem.clone(), async || Ok(0));
        let detached = spawn(async move { call(&idem, spec, "k", owned).await });
        assert_eq!(detached.await, Err(Refused::Reentered));
        Ok(2)
    };
    assert_eq!(call(&idem, spec, "k", body).await, Ok(2));
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    let refused = Refused::Reentered;
    assert_eq!((refused.code(), refused.retryable()), ("operation-reentered", false));
}

#[tokio::test]
async fn another_key_another_operation_and_another_engine_are_no_re_entry() {
    let (idem, other) = (idem(), idem());
    let body = async || {
        assert_eq!(call(&idem, OUTER, "k2", async || Ok(1)).await, Ok(1));
        assert_eq!(call(&idem, INNER, "k", async || Ok(2)).await, Ok(2));
        // Its own records: nothing waits for itself.
        assert_eq!(call(&other, OUTER, "k", async || Ok(3)).await, Ok(3));
        Ok(4)
    };
    assert_eq!(call(&idem, OUTER, "k", body).await, Ok(4));
}

#[tokio::test]
async fn what_a_handler_leaves_behind_may_call_its_operation_once_it_is_over() {
    let idem = idem();
    let (ended, over) = tokio::sync::oneshot::channel::<()>();
    let left = std::sync::Mutex::new(None);
    let body = async || {
        let idem = idem.clone();
        let later = crate::spawn(async move {
            over.await.unwrap();
            call(&idem, OUTER, "k", async || Ok(9)).await
        });
        *left.lock().unwrap() = Some(later);
        Err::<u32, _>(Refused::HandlerPanicked)
    };
    assert_eq!(call(&idem, OUTER, "k", body).await, Err(Refused::HandlerPanicked));
    ended.send(()).unwrap();
    let later = left.into_inner().unwrap().unwrap();
    assert_eq!(later.await.unwrap(), Ok(9));
}

#[tokio::test]
async fn every_attempt_derives_the_same_keys() {
    let idem = idem();
    let keys = std::sync::Mutex::new(Vec::<(u32, IdempotencyKey)>::new());
    let attempt = |result: Result<u32, Refused>| {
        let keys = &keys;
        async move || {
            let run = current().unwrap();
            assert_eq!((run.operation(), run.key()), ("outer", Some("k")));
            keys.lock().unwrap().push((run.attempt(), run.derive("charge").unwrap()));
            result
        }
    };
    assert!(call(&idem, OUTER, "k", attempt(Err(Refused::HandlerPanicked))).await.is_err());
    assert_eq!(call(&idem, OUTER, "k", attempt(Ok(1))).await, Ok(1));
    let keys = keys.into_inner().unwrap();
    assert_eq!([keys[0].0, keys[1].0], [1, 2]);
    assert_eq!(keys[0].1, keys[1].1);
    // As another process computes it.
    let elsewhere = Running { address: Address::new("", b"", "outer", b"k"), ..running("outer", "k") };
    assert_eq!(Current::new(elsewhere).derive("charge").as_ref(), Ok(&keys[0].1));
}

#[tokio::test]
async fn an_operation_within_another_has_it_as_its_parent() {
    let idem = idem();
    let body = async || {
        let outer = current().unwrap();
        let inner = call(&idem, INNER, "k", async || {
            let inner = current().unwrap();
            assert_eq!(inner.operation(), "inner");
            assert_eq!(inner.parent().map(Current::operation), Some("outer"));
            // The same name, and another operation: another key.
            assert_ne!(inner.derive("charge").unwrap(), outer.derive("charge").unwrap());
            Ok(1)
        });
        assert_eq!(inner.await, Ok(1));
        let owned = idem.clone();
        let parents = async || {
            let run = current().unwrap();
            Ok((run.operation().to_owned(), run.parent().map(|outer| outer.operation().to_owned())))
        };
        let detached = spawn(async move { call(&owned, INNER, "detached", parents).await });
        assert_eq!(detached.await, Ok(("inner".to_owned(), Some("outer".to_owned()))));
        assert_eq!(current().unwrap().operation(), "outer");
        Ok(2)
    };
    assert_eq!(call(&idem, OUTER, "k", body).await, Ok(2));
    assert!(current().is_none());
}
