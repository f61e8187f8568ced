//! Which operations travel together, and what becomes of those that wait.

use super::echo::{Ask, queue, send, told};
use crate::store::{Batch, StoreErrorKind};

#[tokio::test]
async fn the_first_travels_alone_and_those_who_wait_together() {
    let (echo, queue) = queue(1);
    let mut callers = send(&queue, &["a", "b"]).await;
    echo.begun(2).await;
    callers.extend(send(&queue, &["c", "d"]).await);
    echo.go.add_permits(3);
    assert_eq!(told(callers).await, [Ok("a"), Ok("b"), Ok("c"), Ok("d")]);
    assert_eq!(echo.batches(), [vec!["a"], vec!["b"], vec!["c", "d"]]);
}

/// One statement more than the setting says, since callers that drive their own may have stopped to poll.
#[tokio::test]
async fn beside_callers_that_drive_their_own_there_is_always_one_lane() {
    let (echo, queue) = queue(2);
    let mut callers = send(&queue, &["a", "b", "c"]).await;
    echo.begun(3).await;
    callers.extend(send(&queue, &["d", "e"]).await);
    assert_eq!(echo.batches(), [["a"], ["b"], ["c"]]);
    echo.go.add_permits(4);
    told(callers).await;
    assert_eq!(echo.batches(), [vec!["a"], vec!["b"], vec!["c"], vec!["d", "e"]]);
}

#[tokio::test]
async fn an_operation_that_ends_makes_room_for_another_lane() {
    let (echo, queue) = queue(2);
    let own = send(&queue, &["a", "b"]).await;
    let mut callers = send(&queue, &["c"]).await;
    echo.begun(3).await;
    callers.extend(send(&queue, &["d"]).await);
    // Both callers' own, which came first, and nothing of the lane's.
    echo.go.add_permits(2);
    told(own).await;
    echo.begun(4).await;
    echo.go.add_permits(2);
    told(callers).await;
    assert_eq!(echo.batches(), [["a"], ["b"], ["c"], ["d"]]);
}

#[tokio::test]
async fn one_key_is_in_a_batch_once() {
    let (echo, queue) = queue(1);
    let mut callers = send(&queue, &["a", "x"]).await;
    echo.begun(2).await;
    callers.extend(send(&queue, &["b", "b", "c"]).await);
    echo.go.add_permits(4);
    assert_eq!(told(callers).await, [Ok("a"), Ok("x"), Ok("b"), Ok("b"), Ok("c")]);
    assert_eq!(echo.batches(), [vec!["a"], vec!["x"], vec!["b", "c"], vec!["b"]]);
}

#[tokio::test]
async fn a_batch_keeps_to_its_share_and_its_weight() {
    let (echo, queue) = queue(1);
    let mut callers = send(&queue, &["a", "x"]).await;
    echo.begun(2).await;
    callers.extend(send(&queue, &["b", "c", "d", "e", "f", "heavy", "y", "heavier"]).await);
    echo.go.add_permits(10);
    told(callers).await;
    let expected = [vec!["a"], vec!["x"], vec!["b", "c", "d", "e"], vec!["f", "heavy", "y"], vec!["heavier"]];
    assert_eq!(echo.batches(), expected);
    let (echo, queue) = self::queue(1);
    let sent = Batch::new(vec![Ask("a")]).0;
    echo.go.add_permits(1);
    assert_eq!(queue.enqueue_all(sent).await.len(), 1);
}

#[tokio::test]
async fn a_caller_that_leaves_cancels_no_other_call() {
    let (echo, queue) = queue(1);
    let mut callers = send(&queue, &["a", "x"]).await;
    echo.begun(2).await;
    callers.extend(send(&queue, &["b", "c"]).await);
    // The one that drives its own, and one that waits.
    callers[0].abort();
    callers[2].abort();
    tokio::task::yield_now().await;
    echo.go.add_permits(5);
    let [_, _, _, last] = callers.try_into().unwrap();
    assert_eq!(last.await.unwrap(), Ok("c"));
    // What was not sent yet is not sent.
    assert_eq!(echo.batches(), [["a"], ["x"], ["c"]]);
}

#[tokio::test]
async fn a_panic_is_told_to_those_it_hits_and_the_queue_goes_on() {
    let (echo, queue) = queue(1);
    let mut callers = send(&queue, &["a", "panic"]).await;
    echo.begun(2).await;
    callers.extend(send(&queue, &["b"]).await);
    echo.go.add_permits(3);
    assert_eq!(told(callers).await, [Ok("a"), Err(StoreErrorKind::Undecided), Ok("b")]);
    // The caller's own.
    let (echo, queue) = self::queue(1);
    let own = send(&queue, &["panic"]).await.pop().unwrap();
    echo.go.add_permits(1);
    assert!(own.await.is_err(), "it was driven by its caller");
    echo.go.add_permits(1);
    assert_eq!(queue.enqueue(Ask("c")).await.unwrap(), "c");
}
