//! Who travels with whom, and what becomes of those whose lane ends.

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::address;
use crate::address::Address;
use crate::store::remote::queue::{Queue, Work};
use crate::store::{Addressed, Answers, Batch, StoreErrorKind};

#[derive(Debug, Clone)]
struct Ask(&'static str);

impl Addressed for Ask {
    fn address(&self) -> Address {
        address(self.0)
    }
}

/// Answers each with its key, when it is let.
#[derive(Debug)]
struct Echo {
    /// One permit for each batch.
    go: Semaphore,
    batches: Mutex<Vec<Vec<&'static str>>>,
}

impl Work for Arc<Echo> {
    type Request = Ask;
    type Answer = &'static str;

    const ROUND: usize = 4;

    fn weight(request: &Ask) -> usize {
        if request.0 == "heavy" { 3 << 20 } else { 1 }
    }

    async fn serve(&self, requests: Vec<Ask>) -> Answers<&'static str> {
        self.batches.lock().unwrap().push(requests.iter().map(|ask| ask.0).collect());
        self.go.acquire().await.unwrap().forget();
        assert!(requests.iter().all(|ask| ask.0 != "panic"), "as it was told");
        requests.iter().map(|ask| Ok(ask.0)).collect()
    }
}

fn queue(lanes: usize) -> (Arc<Echo>, Arc<Queue<Arc<Echo>>>) {
    let echo = Arc::new(Echo { go: Semaphore::new(0), batches: Mutex::default() });
    (Arc::clone(&echo), Queue::new(echo, lanes))
}

impl Echo {
    fn batches(&self) -> Vec<Vec<&'static str>> {
        let mut batches = self.batches.lock().unwrap().clone();
        for batch in &mut batches {
            batch.sort_unstable();
        }
        batches
    }
}

type Caller = tokio::task::JoinHandle<Result<&'static str, StoreErrorKind>>;

/// Sends each; on one thread, all are on their way when this returns.
async fn send(queue: &Arc<Queue<Arc<Echo>>>, keys: &[&'static str]) -> Vec<Caller> {
    let mut callers = Vec::new();
    for key in keys {
        let (queue, ask) = (Arc::clone(queue), Ask(key));
        callers.push(tokio::spawn(async move { queue.put(ask).await.map_err(|error| error.kind()) }));
        tokio::task::yield_now().await;
    }
    callers
}

async fn told(callers: Vec<Caller>) -> Vec<Result<&'static str, StoreErrorKind>> {
    let mut told = Vec::new();
    for caller in callers {
        told.push(caller.await.unwrap());
    }
    told
}

#[tokio::test]
async fn the_first_travels_alone_and_those_who_wait_together() {
    let (echo, queue) = queue(1);
    let callers = send(&queue, &["a", "b", "c", "d"]).await;
    echo.go.add_permits(2);
    assert_eq!(told(callers).await, [Ok("a"), Ok("b"), Ok("c"), Ok("d")]);
    assert_eq!(echo.batches(), [vec!["a"], vec!["b", "c", "d"]]);
}

#[tokio::test]
async fn a_second_lane_takes_the_second() {
    let (echo, queue) = queue(2);
    let callers = send(&queue, &["a", "b", "c"]).await;
    assert_eq!(echo.batches(), [["a"], ["b"]]);
    echo.go.add_permits(3);
    told(callers).await;
    assert_eq!(echo.batches(), [["a"], ["b"], ["c"]]);
}

#[tokio::test]
async fn one_key_is_in_a_batch_once() {
    let (echo, queue) = queue(1);
    let callers = send(&queue, &["a", "b", "b", "c"]).await;
    echo.go.add_permits(3);
    assert_eq!(told(callers).await, [Ok("a"), Ok("b"), Ok("b"), Ok("c")]);
    assert_eq!(echo.batches(), [vec!["a"], vec!["b", "c"], vec!["b"]]);
}

#[tokio::test]
async fn a_batch_keeps_to_its_share_and_its_weight() {
    let (echo, queue) = queue(1);
    let callers = send(&queue, &["a", "b", "c", "d", "e", "f", "heavy", "x"]).await;
    echo.go.add_permits(10);
    told(callers).await;
    assert_eq!(echo.batches(), [vec!["a"], vec!["b", "c", "d", "e"], vec!["f", "heavy", "x"]]);
    let (echo, queue) = self::queue(1);
    let sent = Batch::new(vec![Ask("a")]).0;
    echo.go.add_permits(1);
    assert_eq!(queue.put_all(sent).await.len(), 1);
}

#[tokio::test]
async fn whoever_leaves_takes_nobody_along() {
    let (echo, queue) = queue(1);
    let callers = send(&queue, &["a", "b", "c"]).await;
    // The one that drives the lane, and one that waits.
    callers[0].abort();
    callers[1].abort();
    tokio::task::yield_now().await;
    echo.go.add_permits(5);
    let [_, _, third] = callers.try_into().unwrap();
    assert_eq!(third.await.unwrap(), Ok("c"));
    // What was not sent yet is not sent.
    assert_eq!(echo.batches(), [["a"], ["c"]]);
}

#[tokio::test]
async fn a_panic_is_told_to_those_it_hits_and_the_queue_goes_on() {
    let (echo, queue) = queue(1);
    let mut callers = send(&queue, &["panic", "b"]).await;
    let waiting = callers.pop().unwrap();
    echo.go.add_permits(1);
    assert!(callers.pop().unwrap().await.is_err(), "it drove the lane itself");
    assert_eq!(waiting.await.unwrap(), Err(StoreErrorKind::Undecided));
    echo.go.add_permits(1);
    assert_eq!(queue.put(Ask("c")).await.unwrap(), "c");
}

#[test]
fn a_runtime_that_ends_tells_those_who_wait() {
    let (echo, queue) = queue(1);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let driving = first.block_on(send(&queue, &["a"]));
    let waiting = second.block_on(send(&queue, &["b"]));
    drop(driving);
    drop(first);
    assert_eq!(second.block_on(told(waiting)), [Err(StoreErrorKind::Undecided)]);
    echo.go.add_permits(1);
    assert_eq!(second.block_on(queue.put(Ask("c"))).unwrap(), "c");
    let nowhere = futures_block_on(queue.put(Ask("d")));
    assert_eq!(nowhere.unwrap_err().kind(), StoreErrorKind::Misconfigured);
}

/// Without a runtime.
fn futures_block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
