//! Ends an attempt in the store: for its caller, or in the background.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ending::{EndWrite, Ending};
use super::flight::{Flight, FlightEnd, Unfinished};
use super::{ASK_AGAIN, Engine};
use crate::current;
use crate::fault::{points, reach};
use crate::observe::Outcome;
use crate::policy::Policy;
use crate::protocol::{Owner, RecordView, WriteOutcome};
use crate::refused::Refused;
use crate::reply::Reply;

/// What it takes to end an attempt.
#[derive(Clone)]
pub(super) struct Closing {
    pub(super) engine: Arc<Engine>,
    pub(super) flight: Arc<Flight>,
    pub(super) owner: Owner,
    pub(super) policy: Policy,
    /// What the handler finds as the current operation.
    pub(super) run: current::Current,
}

/// What the store made of an ending.
#[derive(Debug)]
pub(crate) enum Finished {
    /// The record is as asked: the handler's answer may leave.
    Recorded,
    /// Another attempt completed the operation meanwhile: this answer counts, not the handler's.
    Superseded(Reply),
    /// The handler's answer must not leave.
    Refused(Refused),
}

impl Closing {
    /// What the caller of `flight` left unfinished, with the ending that it wanted.
    pub(super) fn taken_over(
        engine: &Arc<Engine>,
        flight: Arc<Flight>,
        unfinished: Unfinished,
    ) -> (Self, Ending) {
        let Unfinished { owner, policy, run, ending, .. } = unfinished;
        (Self { engine: Arc::clone(engine), flight, owner, policy, run }, ending)
    }

    pub(super) async fn write(
        &self,
        ending: &mut Ending,
        limit: Option<Duration>,
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
        self.engine.end_claim(write, limit).await
    }

    /// Tells the followers the end, and returns what the caller may hear.
    pub(super) fn land(&self, outcome: WriteOutcome, ending: Ending, asked: Instant) -> Finished {
        let engine = &self.engine;
        self.run.watch().ends(match (&outcome, &ending) {
            (WriteOutcome::Applied, Ending::Complete(_)) => Outcome::Completed,
            (WriteOutcome::Applied, Ending::Release) => Outcome::Released,
            (WriteOutcome::Applied, Ending::Unknown) => Outcome::Unknown,
            (WriteOutcome::Lost(_), _) => Outcome::Lost,
        });
        let (end, settled) = match (outcome, ending) {
            (WriteOutcome::Applied, Ending::Complete(reply)) => {
                self.remember(&reply, asked);
                (FlightEnd::Done(reply), Finished::Recorded)
            }
            (WriteOutcome::Applied, Ending::Release) => (FlightEnd::Open, Finished::Recorded),
            (WriteOutcome::Applied, Ending::Unknown) => {
                engine.meets_unknown(self.flight.address, self.owner, self.policy.lease);
                (FlightEnd::Unknown, Finished::Recorded)
            }
            (WriteOutcome::Lost(RecordView::Done { reply, fingerprint }), _)
                if fingerprint == self.flight.fingerprint =>
            {
                (FlightEnd::Done(reply.clone()), Finished::Superseded(reply))
            }
            (WriteOutcome::Lost(current), _) => {
                tracing::warn!(
                    address = %self.flight.address,
                    operation = self.run.operation(),
                    ?current,
                    "an operation ended after its claim had been lost; its own outcome was not recorded"
                );
                let refused = match current {
                    RecordView::Running => Refused::InProgress { retry_after: ASK_AGAIN },
                    _ => Refused::OutcomeUnknown,
                };
                (FlightEnd::Open, Finished::Refused(refused))
            }
        };
        reach(points::ENGINE_LAND_BEFORE);
        engine.flights.land(&self.flight, end);
        self.flight.attempt_ends();
        reach(points::ENGINE_LAND_AFTER);
        settled
    }

    fn remember(&self, reply: &Reply, asked: Instant) {
        if let Some(cache) = &self.engine.cache {
            cache.put(self.flight.address, self.flight.fingerprint, reply.clone(), asked, self.policy.ttl);
        }
    }

    /// As long as the process lives. The claim is renewed meanwhile, so that no other process takes it over.
    pub(super) async fn in_background(self, mut ending: Ending) {
        reach(points::ENGINE_BACKGROUND_BEFORE);
        if let Some((outcome, asked)) = self.write(&mut ending, None).await {
            self.land(outcome, ending, asked);
        }
        reach(points::ENGINE_BACKGROUND_AFTER);
    }
}
