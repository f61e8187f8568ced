//! Callers that stop to poll, and runtimes that are blocked or end: whose operations go on.

use std::io;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use super::echo::{Ask, Queued, queue, queue_on, send, told};
use crate::store::StoreErrorKind;
use crate::store::remote::thread::Thread;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Polls once.
fn start<F: Future>(future: std::pin::Pin<&mut F>) {
    assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// All 64, some of them together.
async fn serve_64(queue: &Queued) {
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let queue = Arc::clone(queue);
        callers.spawn(async move { queue.enqueue(Ask("other")).await.unwrap() });
    }
    assert_eq!(callers.join_all().await.len(), 64);
}

#[tokio::test]
async fn futures_that_are_not_polled_again_stop_no_other() {
    for held in 1..=5 {
        let (echo, queue) = queue(2);
        let mut futures: Vec<_> = (0..held).map(|_| Box::pin(queue.enqueue(Ask("held")))).collect();
        for future in &mut futures {
            start(future.as_mut());
        }
        echo.go.add_permits(1000);
        serve_64(&queue).await;
        for future in futures {
            assert_eq!(future.await.unwrap(), "held");
        }
    }
}

#[test]
fn a_blocked_runtime_stops_no_operation_of_another() {
    let (echo, queue) = queue(2);
    let (blocked, is_blocked) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let there = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || {
            runtime().block_on(async {
                // Two that their callers drive, and two that wait.
                let callers = send(&queue, &["a", "b", "c", "d"]).await;
                blocked.send(()).unwrap();
                released.recv().unwrap();
                told(callers).await
            })
        })
    };
    is_blocked.recv().unwrap();
    echo.go.add_permits(1000);
    runtime().block_on(serve_64(&queue));
    release.send(()).unwrap();
    assert_eq!(there.join().unwrap(), [Ok("a"), Ok("b"), Ok("c"), Ok("d")]);
}

#[test]
fn a_runtime_that_ends_stops_no_other() {
    let (echo, queue) = queue(1);
    let (first, second) = (runtime(), runtime());
    let _driving = first.block_on(send(&queue, &["a"]));
    let waiting = second.block_on(async {
        let waiting = send(&queue, &["b"]).await;
        echo.begun(2).await;
        waiting
    });
    drop(first);
    echo.go.add_permits(2);
    assert_eq!(second.block_on(told(waiting)), [Ok("b")]);
    // The place of the one that was cut off is free again.
    echo.go.add_permits(1);
    assert_eq!(second.block_on(queue.enqueue(Ask("c"))).unwrap(), "c");
    drop(second);
    echo.go.add_permits(1);
    assert_eq!(block_on(queue.enqueue(Ask("d"))).unwrap(), "d", "from no runtime at all");
}

#[test]
fn a_future_that_moves_to_another_runtime_is_answered() {
    let second = runtime();
    // The first runtime goes on.
    let (echo, queue) = queue(1);
    let first = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut put = pin!(queue.enqueue(Ask("a")));
    first.block_on(async { start(put.as_mut()) });
    echo.go.add_permits(1);
    assert_eq!(second.block_on(put).unwrap(), "a");
    assert_eq!(echo.batches(), [["a"]], "it was not put again");
    // It has ended.
    let (echo, queue) = self::queue(1);
    let first = runtime();
    let mut put = pin!(queue.enqueue(Ask("a")));
    first.block_on(async { start(put.as_mut()) });
    drop(first);
    echo.go.add_permits(2);
    assert_eq!(second.block_on(put).unwrap(), "a");
    // It does not run.
    let (echo, queue) = self::queue(1);
    let first = runtime();
    let mut put = pin!(queue.enqueue(Ask("a")));
    first.block_on(async { start(put.as_mut()) });
    echo.go.add_permits(2);
    assert_eq!(second.block_on(put).unwrap(), "a");
    // What was put anew may have been applied before.
    let (echo, queue) = self::queue(1);
    let first = runtime();
    let mut put = pin!(queue.enqueue(Ask("panic")));
    first.block_on(async { start(put.as_mut()) });
    drop(first);
    echo.go.add_permits(2);
    assert_eq!(second.block_on(put).unwrap_err().kind(), StoreErrorKind::Undecided);
}

#[test]
fn without_a_thread_the_callers_runtime_does_its_work() {
    let none = || Err(io::Error::other("none left"));
    let (echo, queue) = queue_on(Thread::starting(none), 1);
    let first = runtime();
    first.block_on(async {
        let callers = send(&queue, &["a", "b"]).await;
        echo.begun(2).await;
        echo.go.add_permits(2);
        assert_eq!(told(callers).await, [Ok("a"), Ok("b")]);
    });
    // Its lane ends with it; those that wait for the lane are told.
    let (echo, queue) = queue_on(Thread::starting(none), 1);
    let _driving = first.block_on(async {
        let driving = send(&queue, &["a", "b"]).await;
        echo.begun(2).await;
        driving
    });
    let second = runtime();
    let waiting = second.block_on(send(&queue, &["c"]));
    drop(first);
    assert_eq!(second.block_on(told(waiting)), [Err(StoreErrorKind::Undecided)]);
    echo.go.add_permits(1);
    assert_eq!(second.block_on(queue.enqueue(Ask("d"))).unwrap(), "d");
    drop(second);
    assert_eq!(block_on(queue.enqueue(Ask("e"))).unwrap_err().kind(), StoreErrorKind::Unavailable);
}

/// Without a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
        thread::yield_now();
    }
}
