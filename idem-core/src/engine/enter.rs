//! The way in: cache, twins, claim.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::flight::{Boarded, End, Flight, Held, Stage};
use super::lead::Lead;
use super::verify::Place;
use super::{ASK_AGAIN, Attempt, Engine, Operation};
use crate::current::chain;
use crate::fault::{points, reach};
use crate::protocol::{ClaimOutcome, Won};
use crate::refused::Refused;
use crate::reply::Reply;
use crate::store::{StoreError, StoreErrorKind};

/// What a call may do.
#[derive(Debug)]
pub(crate) enum Entered {
    /// Run the operation, then settle the attempt.
    /// Boxed, because futures that hold it are moved.
    Run(Box<Attempt>),
    /// Give this answer.
    Replay(Reply),
    /// The store is away and the operation was declared to run unprotected then.
    Unprotected,
}

/// Between two looks at a claim that another process holds.
pub(super) const FIRST_POLL: Duration = Duration::from_millis(20);
pub(super) const LAST_POLL: Duration = Duration::from_millis(250);

impl Engine {
    /// Finds out what a call may do.
    ///
    /// Cancel safe: if the future is dropped while the store is being asked, the question is settled in the
    /// background, and a claim that was won for nobody is released.
    pub(crate) async fn enter(self: &Arc<Self>, operation: &Operation) -> Result<Entered, Refused> {
        match self.board(operation).await? {
            Board::Replay(reply) => Ok(Entered::Replay(reply)),
            Board::Lead { lead, asked, deadline } => self.lead(operation, lead, asked, deadline).await,
        }
    }

    /// What this process knows by itself, without a question to the store.
    pub(super) async fn board(self: &Arc<Self>, operation: &Operation) -> Result<Board, Refused> {
        for run in chain().filter(|run| run.engine() == self.identity()) {
            // Waiting for itself would never end.
            if run.address() == operation.address {
                return Err(Refused::Reentered);
            }
            // It could not see what the transaction has written, and would wait for it in turn.
            if run.in_transaction() {
                return Err(Refused::InsideTransaction);
            }
        }
        reach(points::ENGINE_ENTER_BEFORE);
        if !self.config.hooks.is_empty() {
            self.verifier.at_home();
        }
        let mut begun = Instant::now();
        let deadline = begun + operation.policy.wait;
        loop {
            if let Some(cached) = self.cache.as_ref().and_then(|cache| cache.get(operation.address)) {
                if cached.fingerprint != operation.fingerprint {
                    return Err(Refused::KeyReused);
                }
                return Ok(Board::Replay(cached.reply));
            }
            // What is known may still be told; nothing new begins.
            if self.draining.load(Ordering::SeqCst) {
                return Err(Refused::ShuttingDown { retry_after: ASK_AGAIN });
            }
            match self.flights.board(operation.address, operation.fingerprint) {
                Boarded::Leader(flight) => {
                    let lead = Lead::new(self, flight, operation);
                    return Ok(Board::Lead { lead, asked: begun, deadline });
                }
                Boarded::Follower(flight) => {
                    reach(points::ENGINE_FOLLOW_BEFORE);
                    let followed = follow(operation, &flight, deadline).await;
                    reach(points::ENGINE_FOLLOW_AFTER);
                    match followed {
                        Followed::Answer(answer) => return answer,
                        Followed::AskAgain => begun = Instant::now(),
                    }
                }
            }
        }
    }

    /// Claims for this call and all twins that come meanwhile.
    async fn lead(
        self: &Arc<Self>,
        operation: &Operation,
        mut lead: Lead,
        mut asked: Instant,
        deadline: Instant,
    ) -> Result<Entered, Refused> {
        let mut poll = FIRST_POLL;
        let mut verified = false;
        loop {
            let outcome = match lead.claim().await {
                Ok(outcome) => outcome,
                Err(error) => return self.refuse(operation, &error),
            };
            match outcome {
                ClaimOutcome::Won(won) => {
                    let attempt = self.begin(operation, lead, won, asked);
                    // Asked again now that the attempt is counted: a drain either waits for it, or is seen here. Its
                    // handler never began, so dropping it releases the claim.
                    if self.draining.load(Ordering::SeqCst) {
                        return Err(Refused::ShuttingDown { retry_after: ASK_AGAIN });
                    }
                    return Ok(Entered::Run(attempt));
                }
                ClaimOutcome::Replay(replay) => {
                    reach(points::ENGINE_REPLAY_BEFORE);
                    if let Some(cache) = &self.cache {
                        let (address, fingerprint) = (operation.address, operation.fingerprint);
                        cache.put(address, fingerprint, replay.reply.clone(), asked, replay.remaining);
                    }
                    lead.land(End::Done(replay.reply.clone()));
                    return Ok(Entered::Replay(replay.reply));
                }
                ClaimOutcome::Mismatch => return Err(Refused::KeyReused),
                ClaimOutcome::Unknown => {
                    // Once: what is unknown again is another's doing.
                    if std::mem::replace(&mut verified, true) || !self.verify(operation).await {
                        lead.land(End::Unknown);
                        return Err(Refused::OutcomeUnknown);
                    }
                    asked = Instant::now();
                }
                ClaimOutcome::InFlight { .. } => {
                    let now = Instant::now();
                    if now >= deadline {
                        return Err(Refused::InProgress { retry_after: ASK_AGAIN });
                    }
                    lead.elsewhere();
                    tokio::time::sleep(poll.min(deadline - now)).await;
                    poll = (poll * 2).min(LAST_POLL);
                    asked = Instant::now();
                }
            }
        }
    }

    /// Asks the hook of the operation what became of it; true if the store may answer otherwise now.
    async fn verify(&self, operation: &Operation) -> bool {
        let (policy, name) = (&operation.policy, operation.label.operation());
        // Boxed, so that calls which need none of it stay small.
        Box::pin(self.find_out(operation.address, name, policy.lease, policy.ttl, Place::Here)).await
    }

    pub(super) fn begin(
        self: &Arc<Self>,
        operation: &Operation,
        lead: Lead,
        won: Won,
        asked: Instant,
    ) -> Box<Attempt> {
        reach(points::ENGINE_BEGIN_BEFORE);
        let lease = operation.policy.lease;
        let held = Held {
            owner: won.owner,
            lease,
            renew_at: asked + lease / 3,
            until: asked + operation.policy.max_run,
        };
        let flight = lead.won(held);
        self.keeper.renew_by(self, held.renew_at);
        let attempt = Box::new(Attempt::new(Arc::clone(self), flight, won, operation));
        reach(points::ENGINE_BEGIN_AFTER);
        attempt
    }

    pub(super) fn refuse(&self, operation: &Operation, error: &StoreError) -> Result<Entered, Refused> {
        tracing::error!(
            address = %operation.address,
            operation = operation.label.operation(),
            %error,
            kind = ?error.kind(),
            "the idempotency store refused a claim"
        );
        if error.kind() == StoreErrorKind::CapacityExceeded {
            return Err(Refused::CapacityExceeded { retry_after: ASK_AGAIN });
        }
        // Failing open means running without a claim, so only what certainly left no claim behind may.
        if self.config.fail_open && error.kind() == StoreErrorKind::Unavailable {
            return Ok(Entered::Unprotected);
        }
        Err(Refused::StoreUnavailable { retry_after: ASK_AGAIN })
    }
}

/// What this process knows by itself.
#[derive(Debug)]
pub(super) enum Board {
    /// The answer.
    Replay(Reply),
    /// Nothing: the caller asks the store, for itself and its twins.
    Lead {
        lead: Lead,
        /// Before which nothing was asked.
        asked: Instant,
        /// Until when a running operation is waited for.
        deadline: Instant,
    },
}

enum Followed {
    Answer(Result<Board, Refused>),
    AskAgain,
}

/// Waits for what the leader finds out. A mismatch is told before anything else that the leader knows.
async fn follow(operation: &Operation, flight: &Arc<Flight>, deadline: Instant) -> Followed {
    let same = flight.fingerprint == operation.fingerprint;
    loop {
        let mut changed = pin!(flight.changed.notified());
        changed.as_mut().enable();
        match flight.stage() {
            Stage::Claiming => {
                changed.await;
                continue;
            }
            // Past here the leader's fingerprint is known to be the record's.
            Stage::Elsewhere
            | Stage::Running(_)
            | Stage::Coupled
            | Stage::Ended(End::Done(_) | End::Unknown)
                if !same =>
            {
                return Followed::Answer(Err(Refused::KeyReused));
            }
            // What the record will say is not known: perhaps another request's.
            Stage::Elsewhere | Stage::Contended | Stage::Running(_) | Stage::Coupled => {}
            Stage::Ended(End::Done(reply)) => return Followed::Answer(Ok(Board::Replay(reply))),
            Stage::Ended(End::Unknown) => return Followed::Answer(Err(Refused::OutcomeUnknown)),
            Stage::Ended(End::Open) => return Followed::AskAgain,
        }
        if tokio::time::timeout_at(deadline.into(), changed).await.is_err() {
            return Followed::Answer(Err(Refused::InProgress { retry_after: ASK_AGAIN }));
        }
    }
}
