//! Operations that wait, and who may take them.
//!
//! There is no timer: an operation that meets no other is driven by its caller at once, alone ([`own`](super::own));
//! what comes while enough is under way goes out together, in [lanes](super::lane) on the store's thread. So a caller
//! that does not poll its future, or blocks its runtime, holds up its own operation and no other.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::lane::Lane;
use super::own::{Driven, Own, salvage};
use super::thread::{Thread, ended};
use crate::address::Address;
use crate::store::{Addressed, Answers, Batch, StoreError, StoreErrorKind};

/// What is done with a batch.
pub(super) trait Work: fmt::Debug + Send + Sync + 'static {
    type Request: Addressed + Clone + Send + Sync + 'static;
    type Answer: Send + 'static;

    /// The most operations in one batch.
    const ROUND: usize;

    /// About how many bytes a request adds to a statement.
    fn weight(request: &Self::Request) -> usize;

    /// Answers each, in order. Sorted by address, one for each key.
    fn answer(&self, requests: &[Self::Request]) -> impl Future<Output = Answers<Self::Answer>> + Send;
}

/// The most bytes in one statement, unless a single operation is larger: well below what servers accept by default
/// (MySQL's `max_allowed_packet`: 16 MiB and more).
const MOST_BYTES: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Queue<W: Work> {
    work: W,
    most: usize,
    thread: Arc<Thread>,
    state: Mutex<State<W>>,
}

/// While anything waits, there is a lane.
struct State<W: Work> {
    waiting: VecDeque<Waiting<W>>,
    lanes: usize,
    /// Operations that their callers drive.
    own: usize,
}

/// An operation with the caller that wants its answer.
pub(super) struct Waiting<W: Work> {
    pub(super) request: W::Request,
    pub(super) caller: oneshot::Sender<Result<W::Answer, StoreError>>,
}

impl<W: Work> Queue<W> {
    /// `most`: how much may be under way at once. One more where callers drive as many themselves: they may have stopped
    /// polling.
    pub(super) fn new(work: W, most: usize, thread: Arc<Thread>) -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), lanes: 0, own: 0 };
        Arc::new(Self { work, most: most.max(1), thread, state: Mutex::new(state) })
    }

    /// Sends one operation.
    pub(super) async fn enqueue(self: &Arc<Self>, request: W::Request) -> Result<W::Answer, StoreError> {
        let Some((turn, runtime)) = self.turn() else { return self.wait_for(request).await };
        let request = Arc::new(request);
        let operation = turn.drive(Arc::clone(&request));
        match Own::new(operation, runtime).drive().await {
            Some(Driven::Ended(answer)) => answer,
            Some(Driven::Moved(rest)) => {
                let salvaged = self.thread.run(async move { Ok(salvage(rest).await) }).await;
                match salvaged {
                    Ok(Some(answer)) => answer,
                    // Repeating it settles what became of the first try, whose connection is dropped.
                    Ok(None) => self.wait_for((*request).clone()).await.map_err(undecided),
                    Err(error) => Err(error),
                }
            }
            None => Err(ended()),
        }
    }

    /// Sends several at once, so that they travel together.
    pub(super) async fn enqueue_all(self: &Arc<Self>, requests: Batch<W::Request>) -> Answers<W::Answer> {
        let (all, answers): (Vec<_>, Vec<_>) = requests.into_iter().map(waiting).unzip();
        self.submit(all);
        let mut told = Vec::with_capacity(answers.len());
        for answer in answers {
            told.push(answer.await.unwrap_or_else(|_| Err(ended())));
        }
        told
    }

    async fn wait_for(self: &Arc<Self>, request: W::Request) -> Result<W::Answer, StoreError> {
        let (waiting, answer) = waiting(request);
        self.submit([waiting]);
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// For a caller that may drive its operation itself, on its own runtime: nothing waits, and little is under way.
    fn turn(self: &Arc<Self>) -> Option<(Turn<W>, Handle)> {
        let runtime = Handle::try_current().ok()?;
        let mut state = self.lock();
        if !state.waiting.is_empty() || state.own + state.lanes >= self.most {
            return None;
        }
        state.own += 1;
        drop(state);
        Some((Turn(Arc::clone(self)), runtime))
    }

    fn submit(self: &Arc<Self>, requests: impl IntoIterator<Item = Waiting<W>>) {
        let mut state = self.lock();
        state.waiting.extend(requests);
        self.start_lane(state);
    }

    /// Starts a lane if there is need of one, and room.
    fn start_lane(self: &Arc<Self>, mut state: MutexGuard<'_, State<W>>) {
        // One lane may always go: callers that drive operations may have stopped polling.
        let room = state.lanes == 0 || state.own + state.lanes < self.most;
        if state.waiting.is_empty() || !room {
            return;
        }
        state.lanes += 1;
        drop(state);
        let lane = Lane::new(Arc::clone(self));
        match self.thread.runtime() {
            Ok(runtime) => drop(runtime.spawn(lane.run())),
            Err(error) => lane.refuse(&error),
        }
    }

    pub(super) const fn work(&self) -> &W {
        &self.work
    }

    /// Takes what goes out now. If nothing waits, the lane has ended: under one lock, so that no submitted operation
    /// counts on a lane that no longer looks.
    pub(super) fn next(&self) -> Option<Batch<Waiting<W>>> {
        let mut state = self.lock();
        // The caller is gone and nothing was sent yet.
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

    /// A lane was cut off, after it had served or before.
    pub(super) fn lane_lost(self: &Arc<Self>, served: bool) {
        let mut state = self.lock();
        state.lanes -= 1;
        if served {
            self.start_lane(state);
        } else if state.lanes == 0 {
            // There is no runtime for another one; dropped, their callers are told.
            let stranded = std::mem::take(&mut state.waiting);
            drop(state);
            drop(stranded);
        }
    }

    /// A lane that could not run: what waits, if no other lane will take it.
    pub(super) fn abandon(&self) -> VecDeque<Waiting<W>> {
        let mut state = self.lock();
        state.lanes -= 1;
        if state.lanes == 0 { std::mem::take(&mut state.waiting) } else { VecDeque::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn waiting<W: Work>(request: W::Request) -> (Waiting<W>, oneshot::Receiver<Result<W::Answer, StoreError>>) {
    let (caller, answer) = oneshot::channel();
    (Waiting { request, caller }, answer)
}

/// Of an operation whose earlier try may have been applied.
fn undecided(error: StoreError) -> StoreError {
    StoreError::new(StoreErrorKind::Undecided, error.to_string()).with_source(error)
}

/// The right to drive one operation, counted until it has ended, wherever that is.
struct Turn<W: Work>(Arc<Queue<W>>);

impl<W: Work> Turn<W> {
    async fn drive(self, request: Arc<W::Request>) -> Result<W::Answer, StoreError> {
        let answer = self.0.work.answer(std::slice::from_ref(&*request)).await.pop();
        answer.unwrap_or_else(|| Err(ended()))
    }
}

impl<W: Work> Drop for Turn<W> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.own -= 1;
        // Its place is free for a lane, if others wait.
        self.0.start_lane(state);
    }
}

impl<W: Work> Addressed for Waiting<W> {
    fn address(&self) -> Address {
        self.request.address()
    }
}

impl<W: Work> fmt::Debug for State<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("waiting", &self.waiting.len())
            .field("lanes", &self.lanes)
            .field("own", &self.own)
            .finish()
    }
}
