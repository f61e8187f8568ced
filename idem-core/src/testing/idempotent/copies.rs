//! Runs of one operation, polled by hand on one thread, so that their steps interleave as the check wants it.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Whoever could go on was polled once.
    Taken,
    /// Nobody could go on in time: they wait for a copy that was not among them, or for something slow.
    Stuck,
    /// There is nobody left to poll.
    Ended,
}

/// Several copies of an operation.
pub(super) struct Copies<F: Future> {
    all: Vec<Copy<F>>,
    bell: Arc<Notify>,
    patience: Duration,
}

struct Copy<F: Future> {
    progress: Progress<F>,
    call: Arc<Call>,
    /// It could not go on for so long that the others no longer wait for it.
    stuck: bool,
}

enum Progress<F: Future> {
    Running(Pin<Box<F>>),
    Ended(F::Output),
}

/// One copy's waker. All ring the same bell.
struct Call {
    heard: AtomicBool,
    bell: Arc<Notify>,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.heard.store(true, Ordering::Release);
        self.bell.notify_one();
    }
}

impl<F: Future> Copies<F> {
    /// These copies, of which none was polled yet. `patience` is how long the others wait for one that cannot go on.
    pub(super) fn new(futures: impl IntoIterator<Item = F>, patience: Duration) -> Self {
        let bell = Arc::new(Notify::new());
        let copy = |future| Copy {
            progress: Progress::Running(Box::pin(future)),
            call: Arc::new(Call { heard: AtomicBool::new(true), bell: bell.clone() }),
            stuck: false,
        };
        Self { all: futures.into_iter().map(copy).collect(), bell, patience }
    }

    /// Waits until all of `who` can go on, and polls each of them once. What somebody waits for was thus done before
    /// anybody takes the next step.
    pub(super) async fn turn(&mut self, who: Range<usize>) -> Turn {
        if self.all[who.clone()].iter().all(Copy::has_ended) {
            return Turn::Ended;
        }
        self.ready(who.clone()).await;
        let mut turn = Turn::Stuck;
        for copy in &mut self.all[who] {
            if copy.can_go_on() {
                copy.poll();
                turn = Turn::Taken;
            } else {
                copy.stuck = true;
            }
        }
        turn
    }

    /// Waits until what all of `who` asked for is done, or patience is over.
    pub(super) async fn ready(&self, who: Range<usize>) {
        let copies = &self.all[who];
        let awaited = || copies.iter().filter(|copy| !copy.has_ended() && !copy.stuck);
        // If all are stuck, then any of them will do.
        let ready = || match awaited().next() {
            Some(_) => awaited().all(Copy::can_go_on),
            None => copies.iter().any(Copy::can_go_on),
        };
        let called = async {
            while !ready() {
                self.bell.notified().await;
            }
        };
        // Out of patience, the turn goes to whoever can go on.
        let _ = timeout(self.patience, called).await;
    }

    /// Polls the copy `who` up to `polls` times, and then lets happen what it asked for. True if it has not ended.
    pub(super) async fn stop_after(&mut self, who: usize, polls: usize) -> bool {
        let mut polled = 0;
        while polled < polls {
            match self.turn(who..who + 1).await {
                Turn::Taken => polled += 1,
                Turn::Stuck => {}
                Turn::Ended => return false,
            }
        }
        let stopped = !self.all[who].has_ended();
        if stopped {
            self.ready(who..who + 1).await;
        }
        stopped
    }

    /// Runs the copy `who` alone until it ends or cannot go on without the others.
    pub(super) async fn overtake(&mut self, who: usize) {
        while self.turn(who..who + 1).await == Turn::Taken {}
    }

    /// Runs all to their end, turn by turn, and gives their answers in order.
    pub(super) async fn in_lockstep(mut self) -> Vec<F::Output> {
        while self.turn(0..self.all.len()).await != Turn::Ended {}
        let answer = |copy: Copy<F>| match copy.progress {
            Progress::Ended(answer) => Some(answer),
            Progress::Running(_) => None,
        };
        self.all.into_iter().filter_map(answer).collect()
    }
}

impl<F: Future> Copy<F> {
    const fn has_ended(&self) -> bool {
        matches!(self.progress, Progress::Ended(_))
    }

    fn can_go_on(&self) -> bool {
        !self.has_ended() && self.call.heard.load(Ordering::Acquire)
    }

    fn poll(&mut self) {
        let Progress::Running(future) = &mut self.progress else { return };
        self.stuck = false;
        // Before the poll: a call that comes during it counts.
        self.call.heard.store(false, Ordering::Release);
        let waker = Waker::from(self.call.clone());
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.progress = Progress::Ended(answer);
        }
    }
}
