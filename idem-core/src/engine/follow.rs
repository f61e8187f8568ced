//! Claims that are followed to their answer without their leader.
//!
//! A claim that was handed to a store may be won at any time until it is answered. If the leader leaves meanwhile, the
//! keeper's runtime polls the claim to its answer, and gives back what it won. The handler never began then, so the key
//! is released and never becomes unknown. The same happens if the leader is not polled for a third of the lease.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::claim::{Asked, Unclaimed, claim_until_decided};
use super::drain::Counted;
use super::flight::{End, Flight, Stage};
use super::panics::caught;
use super::{Engine, later};
use crate::address::Address;
use crate::fault::{points, reach};
use crate::protocol::{ClaimOutcome, Owner};
use crate::store::{Release, StoreError, StoreErrorKind, Surrender};

/// A leader has at least this long to take an answer that the keeper's runtime has for it.
const TIME_TO_TAKE: Duration = Duration::from_millis(100);

impl Engine {
    /// Takes the claim of a flight over from a leader that may not be polled any more.
    pub(super) fn adopt(self: &Arc<Self>, flight: &Arc<Flight>) {
        if let Some(asked) = flight.claim.adopt() {
            self.follow(flight, asked);
        }
    }

    /// Polls a claim to its answer in the keeper's runtime.
    pub(super) fn follow(self: &Arc<Self>, flight: &Arc<Flight>, asked: Asked) {
        let counted = Counted::new(self);
        self.keeper.spawn(self, follow(Arc::clone(self), Arc::clone(flight), asked, counted));
    }

    /// How long the callers of a claim wait for its answer.
    pub(super) const fn claim_limit(&self) -> Duration {
        self.config.store_timeout.saturating_add(self.config.patience)
    }
}

async fn follow(engine: Arc<Engine>, flight: Arc<Flight>, asked: Asked, _counted: Counted) {
    reach(points::UNCLAIMED_FOLLOW_BEFORE);
    let (since, lease, retention) = (asked.since, asked.claim.lease, asked.claim.terms.retention());
    let unclaimed = asked.unclaimed;
    let mut answered = pin!(to_its_answer(&engine, asked));
    let limit = later(since, engine.claim_limit());
    if let Ok(answer) = tokio::time::timeout_at(limit.into(), &mut answered).await {
        let stage = match &answer {
            // Held by this leader or by another process: either way, a duplicate is told that it is in progress.
            Ok(ClaimOutcome::Won(_) | ClaimOutcome::InFlight { .. }) => Stage::Elsewhere,
            Ok(ClaimOutcome::Unknown) => Stage::Claiming,
            Ok(ClaimOutcome::Replay(replay)) => Stage::Ended(End::Done(replay.reply.clone())),
            Ok(ClaimOutcome::Mismatch) => Stage::Ended(End::Open),
            Err(error) => Stage::Ended(End::Failed(error.kind())),
        };
        if let Stage::Ended(end) = stage {
            engine.flights.land(&flight, end);
            flight.claim.deliver(answer);
            reach(points::UNCLAIMED_FOLLOW_AFTER);
            return;
        }
        // Behind a leader that left, duplicates wait for the release.
        if !flight.claim.leader_left() {
            flight.set(stage);
        }
        flight.claim.deliver(answer);
        let until = later(since, lease / 3).max(later(Instant::now(), TIME_TO_TAKE));
        if tokio::time::timeout_at(until.into(), flight.claim.resolved()).await.is_err() {
            tracing::warn!(
                address = %flight.address,
                "a call was not polled for a third of its lease: its claim is given back"
            );
        }
    } else {
        // The callers of the flight are told together. The claim is followed all the same, and given back.
        engine.flights.land(&flight, End::Failed(StoreErrorKind::Undecided));
        flight.claim.answer_unclaimed(answered.await);
    }
    reach(points::UNCLAIMED_FOLLOW_AFTER);
    match flight.claim.take_back() {
        Some(Ok(ClaimOutcome::Won(won))) => {
            give_back(&engine, flight.address, won.owner, unclaimed, retention).await;
        }
        Some(_) => {}
        // The leader has its answer.
        None => return,
    }
    engine.flights.land(&flight, End::Open);
}

/// Polls the claim to its answer. A future whose own runtime has ended panics, or says that the claim is undecided: the
/// claim is then repeated from here.
async fn to_its_answer(engine: &Arc<Engine>, asked: Asked) -> Result<ClaimOutcome, StoreError> {
    let Asked { mut future, claim, since, .. } = asked;
    let mut backoff = Backoff::for_questions();
    loop {
        match caught(future.as_mut()).await {
            Ok(answer) => return answer,
            Err(_) => {
                engine.log_limits.refused.event(|suppressed| {
                    tracing::warn!(
                        address = %claim.address,
                        suppressed,
                        "the future of a claim panicked, or its runtime has ended: the claim is repeated"
                    );
                });
                backoff.pause().await;
                future = claim_until_decided(Arc::clone(engine), claim.clone(), since);
            }
        }
    }
}

/// Gives a claim back that was won without a caller, for as long as the process lives.
pub(super) async fn give_back(
    engine: &Engine,
    address: Address,
    owner: Owner,
    unclaimed: Unclaimed,
    retention: Duration,
) {
    let mut backoff = Backoff::for_writes();
    loop {
        let written = match unclaimed {
            Unclaimed::Release => {
                reach(points::UNCLAIMED_RELEASE_BEFORE);
                let released = engine.store.release(Release { address, owner, retention });
                let released = engine.in_time(released).await;
                reach(points::UNCLAIMED_RELEASE_AFTER);
                released
            }
            Unclaimed::MarkUnknown => {
                reach(points::ENGINE_UNKNOWN_BEFORE);
                let marked = engine.store.mark_unknown(Surrender { address, owner });
                let marked = engine.in_time(marked).await;
                reach(points::ENGINE_UNKNOWN_AFTER);
                marked
            }
        };
        match written {
            Ok(_) => return,
            Err(error) => {
                engine.log_limits.unrecorded.event(|suppressed| {
                    tracing::error!(%address, %error, suppressed, "a claim without a caller is not given back yet");
                });
                backoff.pause().await;
            }
        }
    }
}
