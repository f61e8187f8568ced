//! Shutting down: what still runs is settled in time, or marked as unknown.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{CallSite, Engine, Purpose, later};
use crate::fault::{points, reach};
use crate::store::MarkUnknown;

/// How long a drain waits, past its deadline, until what still runs is marked unknown.
const TIME_TO_MARK: Duration = Duration::from_secs(1);

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Drained {
    /// Every operation that was running is settled.
    Clean,
    /// This many operations were still running at the deadline and are now unknown, never released; those in a transaction
    /// are undone by the database when the process ends. Claims that the store has not answered are counted too: they are
    /// left as they are.
    Abandoned(usize),
}

impl Engine {
    pub(crate) async fn drain(self: &Arc<Self>, within: Duration) -> Drained {
        self.draining.store(true, Ordering::SeqCst);
        reach(points::DRAIN_BEFORE);
        let deadline = later(Instant::now(), within);
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

    /// Marks what still runs as unknown. The owners may still complete their records, should they get the time.
    async fn abandon(self: &Arc<Self>) -> Drained {
        let held = self.flights.held();
        let abandoned = self.flights.attempts().max(held.len());
        if abandoned == 0 {
            return Drained::Clean;
        }
        let mut marking = JoinSet::new();
        let claims = held;
        let held = claims.len();
        for (flight, claim) in claims {
            let engine = Arc::clone(self);
            marking.spawn(async move {
                let mark = MarkUnknown { address: flight.address, owner: claim.owner };
                engine.store.call(CallSite::ABANDON, |store| store.mark_unknown(mark)).await
            });
        }
        let mut marked = 0_usize;
        let mark_all = async {
            while let Some(answer) = marking.join_next().await {
                match answer {
                    Ok(Ok(_)) => marked += 1,
                    Ok(Err(error)) => {
                        self.log_unrecorded(Purpose::of("mark of an abandoned operation"), &error);
                    }
                    Err(_) => {}
                }
            }
        };
        let _out_of_time = tokio::time::timeout(TIME_TO_MARK, mark_all).await;
        if marked < held {
            tracing::error!(
                abandoned,
                marked,
                "operations that still run were not marked unknown: a sweep marks them once their leases are over"
            );
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
