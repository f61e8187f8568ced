//! A won claim: run the handler under it, then settle it exactly once.

use std::any::Any;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::ending::{EndWrite, Ending};
use super::flight::{End, Flight};
use super::panics::caught;
use super::{ASK_AGAIN, Config, Engine, Operation};
use crate::current::{self, Running};
use crate::fault::{points, reach};
use crate::policy::Policy;
use crate::protocol::{AfterCrash, Current, Owner, Won, WriteOutcome};
use crate::refused::Refused;
use crate::reply::Reply;

/// What the store made of it.
#[derive(Debug)]
pub(crate) enum Settled {
    /// The record is as asked: the handler's answer may leave.
    Recorded,
    /// Somebody else completed the operation meanwhile: this answer counts, not the handler's.
    Superseded(Reply),
    /// The handler's answer must not leave.
    Refused(Refused),
}

/// What became of the handler.
pub(crate) enum Ran<T> {
    /// It returned.
    Returned(T),
    /// It panicked.
    Panicked(Box<dyn Any + Send>),
    /// It was stopped: the claim is somebody else's.
    Stopped,
}

/// A won claim. Dropped unsettled, it is settled in the background: by the ending that was under way, else by what
/// the operation wants after a crash.
pub(crate) struct Attempt {
    engine: Arc<Engine>,
    flight: Arc<Flight>,
    owner: Owner,
    policy: Policy,
    /// What the handler finds as the current operation.
    run: current::Current,
    /// The handler has begun, so an effect may have happened.
    begun: AtomicBool,
    /// What [`settle`](Self::settle) was asked for, while it is under way.
    ending: Option<Ending>,
    settled: bool,
}

crate::debug::structure!(Attempt: run);

impl Attempt {
    pub(super) fn new(engine: Arc<Engine>, flight: Arc<Flight>, won: Won, operation: &Operation) -> Self {
        engine.flights.attempt_begins();
        let run = current::Current::new(Running {
            address: operation.address,
            key: operation.key.clone(),
            operation: operation.name.clone(),
            attempt: won.attempts,
            fence: Some(won.owner.fence),
            engine: engine.identity(),
            in_transaction: false,
        });
        Self {
            engine,
            flight,
            owner: won.owner,
            policy: operation.policy,
            run,
            begun: AtomicBool::new(false),
            ending: None,
            settled: false,
        }
    }

    /// The run, as its handler finds it.
    pub(crate) fn running(&self) -> &current::Current {
        &self.run
    }

    pub(crate) fn config(&self) -> &Config {
        &self.engine.config
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Runs the handler until it returns, panics, or loses its claim. Pinned by the caller, so that it is stored once.
    pub(crate) async fn run<F: Future>(&self, handler: Pin<&mut F>) -> Ran<F::Output> {
        self.begun.store(true, Ordering::Relaxed);
        reach(points::ENGINE_RUN_BEFORE);
        let mut handler = pin!(self.run.enter(caught(handler)));
        loop {
            let losing = self.flight.losing.notified();
            if self.flight.is_lost() {
                tracing::warn!(
                    address = %self.flight.address,
                    operation = self.run.operation(),
                    "a claim was lost, so its handler was stopped"
                );
                return Ran::Stopped;
            }
            tokio::select! {
                biased;
                output = &mut handler => {
                    reach(points::ENGINE_RUN_AFTER);
                    return match output {
                        Ok(output) => Ran::Returned(output),
                        Err(payload) => Ran::Panicked(payload),
                    };
                }
                () = losing => {}
            }
        }
    }

    /// Runs more of the handler's own code, which is polled after it returned: the making of a response's body. A panic
    /// in it is `Err`.
    #[cfg(feature = "axum")]
    pub(crate) async fn within<F: Future>(
        &self,
        future: Pin<&mut F>,
    ) -> Result<F::Output, Box<dyn Any + Send>> {
        self.run.enter(caught(future)).await
    }

    /// How an attempt ends whose handler did not: released if it never began, else the operation's wish for a crash.
    pub(crate) fn crashed(&self) -> Ending {
        match self.policy.after_crash {
            AfterCrash::Unknown if self.begun.load(Ordering::Relaxed) => Ending::Unknown,
            AfterCrash::Unknown | AfterCrash::Rerun => Ending::Release,
        }
    }

    /// Records the ending. While the store does not take it, the answer is held back and the write repeated; past the
    /// engine's patience the caller is told that the outcome is not known yet, and the engine goes on trying.
    ///
    /// Cancel safe: dropped in the middle, it goes on in the background.
    pub(crate) async fn settle(mut self: Box<Self>, mut ending: Ending) -> Settled {
        self.run.end();
        self.ending = Some(ending.clone());
        let patience = self.engine.config.patience;
        let Some((outcome, asked)) = self.write(&mut ending, Some(patience)).await else {
            // Dropping self hands the write to the background.
            return Settled::Refused(Refused::OutcomeUndecided { retry_after: ASK_AGAIN });
        };
        self.settled = true;
        self.land(outcome, ending, asked)
    }

    async fn write(
        &self,
        ending: &mut Ending,
        patience: Option<Duration>,
    ) -> Option<(WriteOutcome, Instant)> {
        let (address, owner, retention) = (self.flight.address, self.owner, self.policy.ttl);
        let write = EndWrite {
            address,
            owner,
            ending,
            retention,
            operation: Some(self.run.operation()),
            unclaimed: false,
        };
        self.engine.end_claim(write, patience).await
    }

    /// Tells the twins, and what the caller may hear.
    fn land(&self, outcome: WriteOutcome, ending: Ending, asked: Instant) -> Settled {
        let engine = &self.engine;
        let (end, settled) = match (outcome, ending) {
            (WriteOutcome::Applied, Ending::Complete(reply)) => {
                self.remember(&reply, asked);
                (End::Done(reply), Settled::Recorded)
            }
            (WriteOutcome::Applied, Ending::Release) => (End::Open, Settled::Recorded),
            (WriteOutcome::Applied, Ending::Unknown) => {
                engine.meets_unknown(self.flight.address, self.owner, self.policy.lease);
                (End::Unknown, Settled::Recorded)
            }
            (WriteOutcome::Lost(Current::Done { reply, fingerprint }), _)
                if fingerprint == self.flight.fingerprint =>
            {
                (End::Done(reply.clone()), Settled::Superseded(reply))
            }
            (WriteOutcome::Lost(current), _) => {
                tracing::warn!(
                    address = %self.flight.address,
                    operation = self.run.operation(),
                    ?current,
                    "an operation ended after its claim had been lost; its own outcome was not recorded"
                );
                let refused = match current {
                    Current::Running => Refused::InProgress { retry_after: ASK_AGAIN },
                    _ => Refused::OutcomeUnknown,
                };
                (End::Open, Settled::Refused(refused))
            }
        };
        reach(points::ENGINE_LAND_BEFORE);
        engine.flights.land(&self.flight, end);
        reach(points::ENGINE_LAND_AFTER);
        settled
    }

    fn remember(&self, reply: &Reply, asked: Instant) {
        if let Some(cache) = &self.engine.cache {
            cache.put(self.flight.address, self.flight.fingerprint, reply.clone(), asked, self.policy.ttl);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.run.end();
        if self.settled {
            if self.flight.held().is_some() {
                self.engine.flights.land(&self.flight, End::Open);
            }
            self.engine.flights.attempt_ends();
            return;
        }
        reach(points::ENGINE_DROP_BEFORE);
        let ending = self.ending.take().unwrap_or_else(|| self.crashed());
        let attempt = Self {
            engine: Arc::clone(&self.engine),
            flight: Arc::clone(&self.flight),
            owner: self.owner,
            policy: self.policy,
            run: self.run.clone(),
            begun: AtomicBool::new(true),
            ending: None,
            settled: true,
        };
        self.engine.keeper.spawn(&self.engine, attempt.settle_for_ever(ending));
        reach(points::ENGINE_DROP_AFTER);
    }
}

impl Attempt {
    /// In the background, as long as the process lives. The claim is renewed meanwhile, so nobody takes it over.
    async fn settle_for_ever(self, mut ending: Ending) {
        reach(points::ENGINE_BACKGROUND_BEFORE);
        if let Some((outcome, asked)) = self.write(&mut ending, None).await {
            self.land(outcome, ending, asked);
        }
        reach(points::ENGINE_BACKGROUND_AFTER);
    }
}
