//! Runs of one operation, polled by hand on one thread, so that their steps interleave as the check wants it.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::Place;

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Each copy that could go on was polled once.
    Taken,
    /// No copy could go on in time: they wait for a copy that was not among them, or for something slow.
    Stuck,
    /// All copies have ended.
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
    yields: usize,
    waits: usize,
    /// The copy could not go on for so long that the others no longer wait for it.
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
    /// The thread that polls.
    home: ThreadId,
    polling: AtomicBool,
    /// The copy woke itself, from within the poll: it does not wait, but lets others go first.
    yielded: AtomicBool,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        if self.polling.load(Ordering::Acquire) && thread::current().id() == self.home {
            self.yielded.store(true, Ordering::Release);
        }
        self.heard.store(true, Ordering::Release);
        self.bell.notify_one();
    }
}

impl Call {
    fn new(bell: Arc<Notify>) -> Arc<Self> {
        let (polling, yielded) = (AtomicBool::new(false), AtomicBool::new(false));
        let home = thread::current().id();
        Arc::new(Self { heard: AtomicBool::new(true), bell, home, polling, yielded })
    }
}

impl<F: Future> Copies<F> {
    /// These copies, of which none was polled yet. `patience` is how long the others wait for one that cannot go on.
    pub(super) fn new(futures: impl IntoIterator<Item = F>, patience: Duration) -> Self {
        let bell = Arc::new(Notify::new());
        let copy = |future| Copy {
            progress: Progress::Running(Box::pin(future)),
            call: Call::new(bell.clone()),
            yields: 0,
            waits: 0,
            stuck: false,
        };
        Self { all: futures.into_iter().map(copy).collect(), bell, patience }
    }

    /// Waits until those of `who` that have yielded least can go on, and polls each of them once. What a copy waits for
    /// was thus done before a copy takes the next step, and no copy is ahead by a yield.
    pub(super) async fn turn(&mut self, who: Range<usize>) -> Turn {
        if self.all[who.clone()].iter().all(Copy::has_ended) {
            return Turn::Ended;
        }
        self.ready(who.clone()).await;
        let least = least_yields(&self.all[who.clone()]);
        let mut turn = Turn::Stuck;
        for copy in self.all[who].iter_mut().filter(|copy| least.is_none_or(|least| copy.yields <= least)) {
            if copy.can_go_on() {
                copy.poll();
                turn = Turn::Taken;
            } else {
                copy.stuck = true;
            }
        }
        turn
    }

    /// Waits until what those of `who` that have yielded least asked for is done, or patience is over.
    async fn ready(&self, who: Range<usize>) {
        let copies = &self.all[who];
        let ready = || match least_yields(copies) {
            Some(least) => {
                copies.iter().filter(|copy| copy.is_awaited() && copy.yields == least).all(Copy::can_go_on)
            }
            // All are stuck: any of them will do.
            None => copies.iter().any(Copy::can_go_on),
        };
        let called = async {
            while !ready() {
                self.bell.notified().await;
            }
        };
        // Out of patience, the turn goes to the copies that can go on.
        let _ = timeout(self.patience, called).await;
    }

    /// Polls the copy `who` up to `place`, and then lets happen what it asked for. False if it ends before.
    pub(super) async fn stop_at(&mut self, who: usize, place: Place) -> bool {
        while !self.all[who].is_at(place) {
            if self.turn(who..who + 1).await == Turn::Ended {
                return false;
            }
        }
        // No other copy runs, so this may take as long as it needs.
        while !self.all[who].has_ended() && !self.all[who].can_go_on() {
            self.bell.notified().await;
        }
        true
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

    const fn is_awaited(&self) -> bool {
        !self.has_ended() && !self.stuck
    }

    const fn is_at(&self, place: Place) -> bool {
        match place {
            Place::Yield(yields) => self.yields == yields,
            Place::Wait(waits) => self.waits == waits,
            Place::End => self.has_ended(),
        }
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
        self.call.polling.store(true, Ordering::Release);
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        self.call.polling.store(false, Ordering::Release);
        match polled {
            Poll::Ready(answer) => self.progress = Progress::Ended(answer),
            Poll::Pending if self.call.yielded.swap(false, Ordering::AcqRel) => self.yields += 1,
            Poll::Pending => self.waits += 1,
        }
    }
}

/// Of those that the others wait for; `None` if all are stuck.
fn least_yields<F: Future>(copies: &[Copy<F>]) -> Option<usize> {
    copies.iter().filter(|copy| copy.is_awaited()).map(|copy| copy.yields).min()
}
