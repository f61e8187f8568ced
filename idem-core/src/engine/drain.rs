//! Shutting down without leaving anybody in doubt.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{Engine, Purpose};
use crate::fault::{points, reach};
use crate::store::Surrender;

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Drained {
    /// Every operation that was running is settled.
    Clean,
    /// This many were still running at the deadline and are now unknown, never released; those in a transaction are
    /// undone by the database when the process ends. Claims that the store has not answered are counted too: they are
    /// left as they are.
    Abandoned(usize),
}

impl Engine {
    pub(crate) async fn drain(self: &Arc<Self>, within: Duration) -> Drained {
        self.draining.store(true, Ordering::SeqCst);
        reach(points::DRAIN_BEFORE);
        let deadline = Instant::now() + within;
        loop {
            let mut idle = pin!(self.flights.idle.notified());
            idle.as_mut().enable();
            if self.flights.attempts() == 0 {
                reach(points::DRAIN_AFTER);
                return Drained::Clean;
            }
            if tokio::time::timeout_at(deadline.into(), idle).await.is_err() {
                return self.abandon().await;
            }
        }
    }

    /// Their owners may still complete them, should they get the time.
    async fn abandon(&self) -> Drained {
        let held = self.flights.held();
        let abandoned = self.flights.attempts().max(held.len());
        if abandoned == 0 {
            return Drained::Clean;
        }
        for (flight, claim) in &held {
            let surrender = Surrender { address: flight.address, owner: claim.owner };
            reach(points::DRAIN_UNKNOWN_BEFORE);
            let marked = self.store.mark_unknown(surrender).await;
            reach(points::DRAIN_UNKNOWN_AFTER);
            if let Err(error) = marked {
                self.log_unrecorded(Purpose::of("mark of an abandoned operation").at(flight.address), &error);
            }
        }
        reach(points::DRAIN_AFTER);
        Drained::Abandoned(abandoned)
    }
}

/// Counts as a running attempt, which a drain waits for.
#[derive(Debug)]
pub(super) struct Counted(Arc<Engine>);

impl Counted {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        engine.flights.attempt_begins();
        Self(Arc::clone(engine))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.flights.attempt_ends();
    }
}
