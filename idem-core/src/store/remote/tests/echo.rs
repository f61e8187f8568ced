//! Work that answers when it is let.

use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, Semaphore};

use super::address;
use crate::address::Address;
use crate::store::remote::queue::{Queue, Work};
use crate::store::remote::thread::Thread;
use crate::store::{Addressed, Answers, StoreErrorKind};

#[derive(Debug, Clone)]
pub(super) struct Ask(pub(super) &'static str);

impl Addressed for Ask {
    fn address(&self) -> Address {
        address(self.0)
    }
}

/// Answers each with its key, when it is let.
#[derive(Debug)]
pub(super) struct Echo {
    /// One permit for each batch; given in the order in which the batches came.
    pub(super) go: Semaphore,
    batches: Mutex<Vec<Vec<&'static str>>>,
    came: Notify,
}

impl Work for Arc<Echo> {
    type Request = Ask;
    type Answer = &'static str;

    const ROUND: usize = 4;

    fn weight(request: &Ask) -> usize {
        if request.0.starts_with("heav") { 3 << 20 } else { 1 }
    }

    async fn answer(&self, requests: &[Ask]) -> Answers<&'static str> {
        let go = self.go.acquire();
        self.batches.lock().unwrap().push(requests.iter().map(|ask| ask.0).collect());
        self.came.notify_waiters();
        go.await.unwrap().forget();
        assert!(requests.iter().all(|ask| ask.0 != "panic"), "as it was told");
        requests.iter().map(|ask| Ok(ask.0)).collect()
    }
}

pub(super) type Queued = Arc<Queue<Arc<Echo>>>;

pub(super) fn queue(lanes: usize) -> (Arc<Echo>, Queued) {
    queue_on(Thread::new(), lanes)
}

pub(super) fn queue_on(thread: Thread, lanes: usize) -> (Arc<Echo>, Queued) {
    let echo = Arc::new(Echo { go: Semaphore::new(0), batches: Mutex::default(), came: Notify::new() });
    (Arc::clone(&echo), Queue::new(echo, lanes, Arc::new(thread)))
}

impl Echo {
    pub(super) fn batches(&self) -> Vec<Vec<&'static str>> {
        let mut batches = self.batches.lock().unwrap().clone();
        for batch in &mut batches {
            batch.sort_unstable();
        }
        batches
    }

    /// Until so many batches have come.
    pub(super) async fn begun(&self, batches: usize) {
        loop {
            let came = self.came.notified();
            if self.batches.lock().unwrap().len() >= batches {
                return;
            }
            came.await;
        }
    }
}

pub(super) type Caller = tokio::task::JoinHandle<Result<&'static str, StoreErrorKind>>;

/// Sends each; on one thread, all are on their way when this returns.
pub(super) async fn send(queue: &Queued, keys: &[&'static str]) -> Vec<Caller> {
    let mut callers = Vec::new();
    for key in keys {
        let (queue, ask) = (Arc::clone(queue), Ask(key));
        callers.push(tokio::spawn(async move { queue.enqueue(ask).await.map_err(|error| error.kind()) }));
        tokio::task::yield_now().await;
    }
    callers
}

pub(super) async fn told(callers: Vec<Caller>) -> Vec<Result<&'static str, StoreErrorKind>> {
    let mut told = Vec::new();
    for caller in callers {
        told.push(caller.await.unwrap());
    }
    told
}
