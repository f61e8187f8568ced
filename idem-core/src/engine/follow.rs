//! Claims that are followed to their answer without their leader.
//!
//! A claim that was handed to a store may be won at any time until it is answered. If the leader leaves meanwhile, the
//! keeper's runtime polls the claim to its answer, and gives back what it won. The handler never began then, so the key
//! is released and never becomes unknown. The same happens if the leader is not polled for a third of the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::claim_slot::{Asked, LEADER_SILENCE, Unclaimed};
use super::drain::Counted;
use super::ending::{EndWrite, Ending};
use super::flight::{Flight, FlightEnd, Stage};
use super::{Engine, later};
use crate::address::Address;
use crate::fault::{points, reach};
use crate::protocol::{ClaimOutcome, Owner};
use crate::store::{StoreError, StoreErrorKind};

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
        self.config.store_timeout.saturating_add(self.config.completion_timeout)
    }
}

async fn follow(engine: Arc<Engine>, flight: Arc<Flight>, asked: Asked, _counted: Counted) {
    reach(points::UNCLAIMED_FOLLOW_BEFORE);
    let Asked { mut future, lease, retention, unclaimed, since } = asked;
    let limit = later(since, engine.claim_limit());
    let mut _followed = None;
    let not_taken = if let Ok(answer) = tokio::time::timeout_at(limit.into(), &mut future).await {
        offer(&engine, &flight, answer, later(since, lease / 3)).await
    } else {
        // The callers of the flight are told together. The claim is followed all the same, and given back.
        _followed = Some(engine.flights.follows(flight.address));
        engine.flights.land(&flight, FlightEnd::Failed(StoreErrorKind::Undecided));
        let answer = future.await;
        flight.claim.close();
        Some(answer)
    };
    reach(points::UNCLAIMED_FOLLOW_AFTER);
    let Some(answer) = not_taken else { return };
    if let Ok(ClaimOutcome::Won(won)) = answer {
        give_back(&engine, flight.address, won.owner, unclaimed, retention).await;
    }
    engine.flights.land(&flight, FlightEnd::Open);
}

/// Offers an answer to the leader until `until`, and tells the followers what it means for them. Gives the answer back if
/// the leader did not take it and it must not be left alone.
async fn offer(
    engine: &Engine,
    flight: &Arc<Flight>,
    answer: Result<ClaimOutcome, StoreError>,
    until: Instant,
) -> Option<Result<ClaimOutcome, StoreError>> {
    let stage = match &answer {
        // Held by this leader or by another process: either way, a duplicate is told that it is in progress.
        Ok(ClaimOutcome::Won(_) | ClaimOutcome::InFlight { .. }) => Stage::Elsewhere,
        Ok(ClaimOutcome::Unknown) => Stage::Claiming,
        Ok(ClaimOutcome::Replay(replay)) => Stage::Ended(FlightEnd::Done(replay.reply.clone())),
        Ok(ClaimOutcome::Mismatch) => Stage::Ended(FlightEnd::Open),
        Err(error) => Stage::Ended(FlightEnd::Failed(error.kind())),
    };
    if let Stage::Ended(end) = stage {
        engine.flights.land(flight, end);
        flight.claim.deliver(answer);
        return None;
    }
    // Behind a leader that left, duplicates wait for the release.
    if !flight.claim.leader_left() {
        flight.set(stage);
    }
    flight.claim.deliver(answer);
    let now = Instant::now();
    let until = until.min(later(now, LEADER_SILENCE)).max(later(now, TIME_TO_TAKE));
    if tokio::time::timeout_at(until.into(), flight.claim.resolved()).await.is_err() {
        tracing::warn!(
            address = %flight.address,
            "a call was not polled for too long: its claim is given back"
        );
    }
    flight.claim.take_back()
}

/// Gives a claim back that was won without a caller, for as long as the process lives.
pub(super) async fn give_back(
    engine: &Engine,
    address: Address,
    owner: Owner,
    unclaimed: Unclaimed,
    retention: Duration,
) {
    let mut ending = match unclaimed {
        Unclaimed::Release => Ending::Release,
        Unclaimed::MarkUnknown => Ending::Unknown,
    };
    let write = EndWrite { address, owner, ending: &mut ending, retention, operation: None, unclaimed: true };
    let _written = engine.end_claim(write, None).await;
}
