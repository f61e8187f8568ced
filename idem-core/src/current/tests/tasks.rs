//! Where the current operation is known, and where it is lost.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use super::*;
use crate::current::{carry, spawn};

/// The operations around this point, from innermost outwards.
fn here() -> Vec<String> {
    let whole = std::iter::successors(current(), |inner| inner.parent().cloned());
    whole.map(|run| run.operation().to_owned()).collect()
}

#[tokio::test]
async fn operations_stack_and_are_left_again() {
    assert_eq!(here(), [""; 0]);
    Current::new(running("outer", "k"))
        .scope(async {
            assert_eq!(here(), ["outer"]);
            Current::new(running("inner", "k")).scope(async { assert_eq!(here(), ["inner", "outer"]) }).await;
            assert_eq!(here(), ["outer"]);
            let run = current().unwrap();
            assert_eq!((run.attempt(), run.fence()), (1, Some(Fence::from_u64(7))));
            assert_eq!((run.engine(), run.in_transaction()), (1, false));
        })
        .await;
    assert_eq!(here(), [""; 0]);
}

#[tokio::test]
async fn joined_calls_of_one_task_do_not_mix() {
    let call = |operation| {
        Current::new(running(operation, "k")).scope(async move {
            for _ in 0..3 {
                assert_eq!(here(), [operation, "outer"]);
                tokio::task::yield_now().await;
            }
        })
    };
    Current::new(running("outer", "k")).scope(async { tokio::join!(call("a"), call("b")) }).await;
}

#[tokio::test]
async fn spawn_and_carry_take_the_operation_along_and_tokio_spawn_loses_it() {
    Current::new(running("outer", "k"))
        .scope(async {
            let charge = current().unwrap().derive("charge").unwrap();
            let carried = spawn(async { (here(), current().unwrap().derive("charge")) }).await.unwrap();
            // The names of the run are shared.
            assert_eq!(carried, (vec!["outer".to_owned()], Err(crate::current::Underivable::NameTaken)));
            assert!(charge.as_str().len() == 36);
            assert_eq!(tokio::spawn(carry(async { here() })).await.unwrap(), ["outer"]);
            assert_eq!(tokio::spawn(async { here() }).await.unwrap(), [""; 0]);
        })
        .await;
    assert_eq!(spawn(async { here() }).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_run_is_over_when_its_future_ends_or_is_dropped() {
    let chained = || chain().map(|run| run.operation().to_owned()).collect::<Vec<_>>();
    let kept = Current::new(running("outer", "k"))
        .scope(async {
            assert_eq!(chained(), ["outer"]);
            current().unwrap()
        })
        .await;
    assert!(kept.is_over());
    // Still known to what it spawned, and not running any more.
    kept.while_current(|| {
        assert_eq!(here(), ["outer"]);
        assert_eq!(chained(), [""; 0]);
    });
    let (send, given) = tokio::sync::oneshot::channel();
    let mut dropped = Box::pin(Current::new(running("outer", "k")).scope(async {
        send.send(current().unwrap()).unwrap();
        std::future::pending::<()>().await;
    }));
    assert!(is_pending(dropped.as_mut()).await);
    let run = given.await.unwrap();
    assert!(!run.is_over());
    drop(dropped);
    assert!(run.is_over());
}

/// Polls once.
async fn is_pending(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}
