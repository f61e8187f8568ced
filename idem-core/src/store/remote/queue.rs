//! Operations that wait, and the lanes that take whatever waits.
//!
//! There is no timer: the first operation starts a lane at once and travels alone; what comes while every lane is
//! under way goes out together when one returns. Whoever starts a lane drives it until its own operation is answered,
//! which for a lone caller saves the way through the scheduler; if it stops earlier, or others wait, a task takes over.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::address::Address;
use crate::store::{Addressed, Answers, Batch, StoreError, StoreErrorKind};

/// What a lane does with a batch.
pub(super) trait Work: fmt::Debug + Send + Sync + 'static {
    type Request: Addressed + Send + Sync + 'static;
    type Answer: Send + 'static;

    /// The most operations in one batch.
    const ROUND: usize;

    /// About how many bytes a request adds to a statement.
    fn weight(request: &Self::Request) -> usize;

    /// Answers each, in order. Sorted by address, one for each key.
    fn serve(&self, requests: Vec<Self::Request>) -> impl Future<Output = Answers<Self::Answer>> + Send;
}

/// The most bytes in one statement, unless a single operation is larger: well below what servers accept by default
/// (MySQL's `max_allowed_packet`: 16 MiB and more).
const MOST_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Queue<W: Work> {
    work: W,
    most_lanes: usize,
    state: Mutex<State<W>>,
}

struct State<W: Work> {
    waiting: VecDeque<Waiting<W>>,
    lanes: usize,
}

/// An operation with somebody who wants to know.
struct Waiting<W: Work> {
    request: W::Request,
    caller: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl<W: Work> Queue<W> {
    pub(super) fn new(work: W, most_lanes: usize) -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), lanes: 0 };
        Arc::new(Self { work, most_lanes: most_lanes.max(1), state: Mutex::new(state) })
    }

    /// Sends one operation.
    pub(super) async fn put(self: &Arc<Self>, request: W::Request) -> Result<W::Answer, StoreError> {
        let (waiting, answer) = waiting(request);
        let mut driven = self.submit([waiting])?;
        driven.until(answer).await
    }

    /// Sends several at once, so that they travel together.
    pub(super) async fn put_all(self: &Arc<Self>, requests: Batch<W::Request>) -> Answers<W::Answer> {
        let (all, answers): (Vec<_>, Vec<_>) = requests.into_iter().map(waiting).unzip();
        let mut driven = match self.submit(all) {
            Ok(driven) => driven,
            Err(error) => {
                let same = |_| Err(StoreError::new(error.kind(), error.to_string()));
                return answers.iter().map(same).collect();
            }
        };
        let mut told = Vec::with_capacity(answers.len());
        for answer in answers {
            told.push(driven.until(answer).await);
        }
        told
    }

    fn submit(
        self: &Arc<Self>,
        requests: impl IntoIterator<Item = Waiting<W>>,
    ) -> Result<Driven, StoreError> {
        let Ok(runtime) = Handle::try_current() else {
            let message = "the store must be called from within a Tokio runtime";
            return Err(StoreError::new(StoreErrorKind::Misconfigured, message));
        };
        let mut state = self.lock();
        state.waiting.extend(requests);
        if state.lanes == self.most_lanes {
            return Ok(Driven { lane: None, runtime });
        }
        state.lanes += 1;
        drop(state);
        let lane = Lane { queue: Arc::clone(self), ended: false };
        Ok(Driven { lane: Some(Box::pin(lane.run())), runtime })
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what goes out now. If nothing waits, the lane has ended: under one lock, so that nobody who submits
    /// counts on a lane that no longer looks.
    fn next(&self) -> Option<Batch<Waiting<W>>> {
        let mut state = self.lock();
        // Nobody listens any more: not sent yet, so nothing happens.
        state.waiting.retain(|waiting| !waiting.caller.is_closed());
        if state.waiting.is_empty() {
            state.lanes -= 1;
            return None;
        }
        let mut bytes = 0;
        let light = state.waiting.iter().take(W::ROUND).take_while(|waiting| {
            bytes += W::weight(&waiting.request);
            bytes <= MOST_BYTES
        });
        // One goes alone, however heavy it is.
        let share = light.count().max(1);
        let (batch, left_over) = Batch::new(state.waiting.drain(..share).collect());
        left_over.into_iter().rev().for_each(|waiting| state.waiting.push_front(waiting));
        Some(batch)
    }
}

fn waiting<W: Work>(request: W::Request) -> (Waiting<W>, oneshot::Receiver<Result<W::Answer, StoreError>>) {
    let (caller, answer) = oneshot::channel();
    (Waiting { request, caller }, answer)
}

/// A lane that its first caller drives. Dropped on the way, it goes on in a task.
struct Driven {
    lane: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    runtime: Handle,
}

impl Driven {
    async fn until<T>(&mut self, answer: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
        let mut answer = pin!(answer);
        let answer = poll_fn(|cx| {
            self.drive(cx);
            answer.as_mut().poll(cx)
        });
        answer.await.unwrap_or_else(|_| {
            let message = "the runtime that carried the operation ended before it was answered";
            Err(StoreError::new(StoreErrorKind::Undecided, message))
        })
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        let ended = self.lane.as_mut().map(|lane| lane.as_mut().poll(cx));
        if let Some(Poll::Ready(())) = ended {
            self.lane = None;
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.runtime.spawn(lane);
        }
    }
}

/// One statement under way at a time.
struct Lane<W: Work> {
    queue: Arc<Queue<W>>,
    ended: bool,
}

impl<W: Work> Lane<W> {
    async fn run(mut self) {
        while let Some(batch) = self.queue.next() {
            let (requests, callers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.request, waiting.caller)).unzip();
            let answers = self.queue.work.serve(requests).await;
            for (caller, answer) in callers.into_iter().zip(answers) {
                // Whoever stopped listening did so by right.
                let _ignored = caller.send(answer);
            }
        }
        self.ended = true;
    }
}

impl<W: Work> Drop for Lane<W> {
    /// The runtime went down with the lane, or the work panicked.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.queue.lock();
        state.lanes -= 1;
        if state.lanes == 0 {
            // Nobody would serve them until another operation came; their callers are told at once.
            let stranded = std::mem::take(&mut state.waiting);
            drop(state);
            drop(stranded);
        }
    }
}

impl<W: Work> Addressed for Waiting<W> {
    fn address(&self) -> Address {
        self.request.address()
    }
}

impl<W: Work> fmt::Debug for State<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("waiting", &self.waiting.len()).field("lanes", &self.lanes).finish()
    }
}
