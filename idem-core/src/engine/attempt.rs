//! A won claim: run the handler under it, then settle it exactly once.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use super::closing::{Closing, Finished};
use super::drain::Counted;
use super::ending::Ending;
use super::flight::{Flight, FlightEnd, Unfinished};
use super::{ASK_AGAIN, Engine, Operation};
use crate::current::{self, Running};
use crate::fault::{points, reach};
use crate::policy::Policy;
use crate::protocol::{AfterCrash, Won};
use crate::refused::Refused;

/// What became of the handler.
pub(crate) enum Ran {
    /// The handler returned.
    Returned,
    /// The handler panicked.
    Panicked(Box<dyn Any + Send>),
    /// The handler was stopped: the claim belongs to another attempt.
    Stopped,
}

/// A won claim. Dropped unsettled, it is settled in the background: by the ending that was under way, else by what
/// the operation wants after a crash.
pub(crate) struct Attempt {
    closing: Closing,
    /// The handler has begun, so an effect may have happened.
    begun: AtomicBool,
    /// What [`finish`](Self::finish) was asked for, while it is under way.
    ending: Option<Ending>,
    settled: bool,
}

crate::debug::structure!(Attempt: settled);

impl Attempt {
    pub(super) fn new(engine: Arc<Engine>, flight: Arc<Flight>, won: Won, operation: &Operation) -> Self {
        flight.attempt_begins(Counted::new(&engine));
        let run = current::Current::new(Running {
            address: operation.address,
            key: operation.key.clone(),
            attempt: won.attempts,
            fence: Some(won.owner.fence),
            engine: engine.identity(),
            in_transaction: false,
            watch: operation.watch.clone(),
        });
        Self {
            closing: Closing { engine, flight, owner: won.owner, policy: operation.policy, run },
            begun: AtomicBool::new(false),
            ending: None,
            settled: false,
        }
    }

    /// The run, as its handler finds it.
    pub(crate) fn running(&self) -> &current::Current {
        &self.closing.run
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.closing.policy
    }

    /// Ends when the claim is lost.
    pub(crate) fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let flight = Arc::clone(&self.closing.flight);
        async move {
            loop {
                // Made before the look: a loss after it wakes this.
                let losing = flight.losing.notified();
                if flight.is_lost() {
                    return;
                }
                losing.await;
            }
        }
    }

    /// Polls the handler once, as a part of its run, unless the claim is lost. Ends at the first `Ready`.
    pub(crate) fn poll(
        &self,
        lost: Pin<&mut (dyn Future<Output = ()> + Send)>,
        cx: &mut Context<'_>,
        handler: &mut dyn FnMut(&mut Context<'_>) -> Poll<()>,
    ) -> Poll<Ran> {
        if !self.begun.swap(true, Ordering::Relaxed) {
            reach(points::ENGINE_RUN_BEFORE);
        }
        if lost.poll(cx).is_ready() {
            tracing::warn!(
                address = %self.closing.flight.address,
                operation = self.closing.run.operation(),
                "a claim was lost, so its handler was stopped"
            );
            return Poll::Ready(Ran::Stopped);
        }
        let polled = catch_unwind(AssertUnwindSafe(|| self.closing.run.while_current(|| handler(cx))));
        let ran = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => Ran::Returned,
            Err(payload) => Ran::Panicked(payload),
        };
        reach(points::ENGINE_RUN_AFTER);
        Poll::Ready(ran)
    }

    /// Polls more of the handler's own code, which is run after the handler returned: the making of a response's body. A
    /// panic in it is `Err`.
    pub(crate) fn poll_more(
        &self,
        cx: &mut Context<'_>,
        more: &mut dyn FnMut(&mut Context<'_>) -> Poll<()>,
    ) -> Poll<Result<(), Box<dyn Any + Send>>> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.closing.run.while_current(|| more(cx))));
        polled.map_or_else(|payload| Poll::Ready(Err(payload)), |polled| polled.map(Ok))
    }

    /// The panic hook has told where; the payload is the user's.
    pub(crate) fn log_panic(&self) {
        let run = &self.closing.run;
        tracing::error!(address = %run.address(), operation = run.operation(), "an idempotent handler panicked");
    }

    /// How an attempt ends whose handler did not: released if it never began, else the operation's wish for a crash.
    pub(crate) fn crashed(&self) -> Ending {
        match self.closing.policy.after_crash {
            AfterCrash::Unknown if self.begun.load(Ordering::Relaxed) => Ending::Unknown,
            AfterCrash::Unknown | AfterCrash::Rerun => Ending::Release,
        }
    }

    /// Records the ending. While the store does not take it, the answer is held back and the write repeated; past the
    /// engine's completion timeout the caller is told that the outcome is not known yet, and the engine goes on trying.
    ///
    /// Cancel safe: dropped in the middle, it goes on in the background.
    pub(crate) async fn finish(mut self: Box<Self>, mut ending: Ending) -> Finished {
        self.closing.run.end();
        self.ending = Some(ending.clone());
        let Closing { engine, flight, owner, policy, run } = &self.closing;
        if !engine.store.is_local() {
            let (owner, policy, run, ending) = (*owner, *policy, run.clone(), ending.clone());
            flight.unfinished(Unfinished { since: Instant::now(), owner, policy, run, ending });
        }
        let limit = self.closing.engine.config.completion_timeout;
        let Some((outcome, asked)) = self.closing.write(&mut ending, Some(limit)).await else {
            // Dropping self hands the write to the background.
            return Finished::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN });
        };
        self.settled = true;
        self.closing.land(outcome, ending, asked)
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Closing { engine, flight, run, .. } = &self.closing;
        run.end();
        if self.settled {
            if flight.held().is_some() {
                engine.flights.land(flight, FlightEnd::Open);
            }
            flight.attempt_ends();
            return;
        }
        reach(points::ENGINE_DROP_BEFORE);
        // The keeper may have taken the ending over.
        let taken_over =
            self.ending.is_some() && !engine.store.is_local() && flight.take_unfinished().is_none();
        if !taken_over {
            let ending = self.ending.take().unwrap_or_else(|| self.crashed());
            engine.keeper.spawn(engine, self.closing.clone().in_background(ending));
        }
        reach(points::ENGINE_DROP_AFTER);
    }
}
