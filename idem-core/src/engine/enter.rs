//! The way in: cache, flight, claim.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tracing::Instrument;

use super::backoff::Backoff;
use super::drain::Counted;
use super::flight::{Flight, FlightEnd, Held, Joined, Stage};
use super::follow::give_back;
use super::leader::{Leader, NoAnswer};
use super::verify::HookPlace;
use super::{ASK_AGAIN, Attempt, Engine, Operation, Purpose, later, store_refusal};
use crate::current::chain;
use crate::fault::{points, reach};
use crate::observe::{Outcome, cache_look};
use crate::protocol::{ClaimOutcome, Won};
use crate::refused::Refused;
use crate::reply::Reply;
use crate::store::{StoreError, StoreErrorKind};

/// What a call may do.
pub(crate) enum Entered {
    /// Run the operation, then settle the attempt.
    /// Boxed, because futures that hold it are moved.
    Run(Box<Attempt>),
    /// Give this answer.
    Replay(Reply),
    /// The store is away and the operation was declared to run unprotected then.
    Unprotected,
}

crate::debug::variants!(Entered { Run, Replay, Unprotected });

/// A follower looks this often whether its leader is still polled.
const LOOK_AFTER_LEADER: Duration = Duration::from_millis(250);

impl Operation {
    /// Counts the end of a call that runs no attempt. That of an attempt is counted where its record is written.
    pub(crate) fn counts(&self, entered: &Result<Entered, Refused>) {
        match entered {
            Ok(Entered::Run(_)) => {}
            Ok(Entered::Replay(_)) => self.watch.ends(Outcome::Replayed),
            Ok(Entered::Unprotected) => self.watch.ends(Outcome::Unprotected),
            Err(refused) => self.watch.ends(Outcome::Refused(refused.code())),
        }
    }
}

impl Engine {
    /// Finds out what a call may do.
    ///
    /// Cancel safe: if the future is dropped while the store is being asked, the claim is followed to its answer in the
    /// background, and released if it is won.
    pub(crate) async fn enter(self: &Arc<Self>, operation: &Operation) -> Result<Entered, Refused> {
        let entered = self.enter_uncounted(operation).await;
        operation.counts(&entered);
        entered
    }

    /// The same for a call that may ask again in another way: its caller [counts](Operation::counts) the last answer.
    ///
    /// Not an async function, which would hold the large future twice.
    pub(crate) fn enter_uncounted<'a>(
        self: &'a Arc<Self>,
        operation: &'a Operation,
    ) -> impl Future<Output = Result<Entered, Refused>> + Send + use<'a> {
        self.find_out_entry(operation).instrument(operation.watch.span().clone())
    }

    async fn find_out_entry(self: &Arc<Self>, operation: &Operation) -> Result<Entered, Refused> {
        let mut asked = Instant::now();
        let deadline = later(asked, operation.policy.wait);
        loop {
            match self.look_up_locally(operation, asked, deadline).await? {
                LocalLookup::Replay(reply) => return Ok(Entered::Replay(reply)),
                LocalLookup::Failed(kind) => return self.refused(kind),
                LocalLookup::Lead { lead, asked: since } => {
                    if let Some(entered) = self.lead(operation, lead, since, deadline).await {
                        return entered;
                    }
                    asked = Instant::now();
                }
            }
        }
    }

    /// What this process knows by itself, without a question to the store. `asked`: the time now.
    pub(super) async fn look_up_locally(
        self: &Arc<Self>,
        operation: &Operation,
        mut asked: Instant,
        deadline: Instant,
    ) -> Result<LocalLookup, Refused> {
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
        if let Some(contradiction) = operation.policy.contradiction() {
            self.log_limits.settings.event(|suppressed| {
                let operation = operation.label.operation();
                tracing::error!(
                    operation,
                    contradiction,
                    suppressed,
                    "an operation was refused: its settings contradict each other"
                );
            });
            return Err(Refused::Misconfigured(contradiction));
        }
        reach(points::ENGINE_ENTER_BEFORE);
        if !self.config.hooks.is_empty() {
            self.verifier.at_home();
        }
        loop {
            let cached = self.cache.as_ref().and_then(|cache| {
                let cached = cache.get(operation.address);
                cache_look(cached.is_some());
                cached
            });
            if let Some(cached) = cached {
                if cached.fingerprint != operation.fingerprint {
                    return Err(Refused::KeyReused);
                }
                return Ok(LocalLookup::Replay(cached.reply));
            }
            // What is known may still be told; nothing new begins.
            if self.draining.load(Ordering::SeqCst) {
                return Err(Refused::ShuttingDown { retry_after: ASK_AGAIN });
            }
            match self.flights.join(operation.address, operation.fingerprint, asked) {
                Joined::Leader(flight) => {
                    return Ok(LocalLookup::Lead { lead: Leader::new(self, flight, operation), asked });
                }
                Joined::Follower(flight) => {
                    reach(points::ENGINE_FOLLOW_BEFORE);
                    let followed = self.join(operation, &flight, deadline).await;
                    reach(points::ENGINE_FOLLOW_AFTER);
                    if let Followed::Answer(answer) = followed {
                        return answer;
                    }
                    asked = Instant::now();
                }
            }
        }
    }

    /// Claims for this call and all followers that come meanwhile. `None` if the call must begin anew, because it was not
    /// polled while its claim was answered.
    async fn lead(
        self: &Arc<Self>,
        operation: &Operation,
        mut lead: Leader,
        mut asked: Instant,
        deadline: Instant,
    ) -> Option<Result<Entered, Refused>> {
        let mut backoff = Backoff::for_polls();
        let mut verified = false;
        loop {
            let outcome = match lead.claim(asked).await {
                Ok(outcome) => outcome,
                Err(NoAnswer::GivenBack) => return None,
                Err(NoAnswer::Failed(error)) => {
                    self.log_refused(operation, &error);
                    lead.land(FlightEnd::Failed(error.kind()));
                    return Some(self.refused(error.kind()));
                }
            };
            match outcome {
                ClaimOutcome::Won(won) => {
                    let attempt = self.begin(operation, lead, won, asked)?;
                    // Asked again now that the attempt is counted: a drain either waits for it, or is seen here. Its
                    // handler never began, so dropping it releases the claim.
                    if self.draining.load(Ordering::SeqCst) {
                        let refused = Refused::ShuttingDown { retry_after: ASK_AGAIN };
                        // Before the release, which is not what became of this call.
                        operation.watch.ends(Outcome::Refused(refused.code()));
                        return Some(Err(refused));
                    }
                    let run = attempt.running();
                    run.watch().begins(run.attempt());
                    if won.took_over {
                        run.watch().takes_over();
                    }
                    return Some(Ok(Entered::Run(attempt)));
                }
                ClaimOutcome::Replay(replay) => {
                    reach(points::ENGINE_REPLAY_BEFORE);
                    if let Some(cache) = &self.cache {
                        let (address, fingerprint) = (operation.address, operation.fingerprint);
                        cache.put(address, fingerprint, replay.reply.clone(), asked, replay.remaining);
                    }
                    lead.land(FlightEnd::Done(replay.reply.clone()));
                    return Some(Ok(Entered::Replay(replay.reply)));
                }
                ClaimOutcome::Mismatch => return Some(Err(Refused::KeyReused)),
                // Its handler never began, and the record is about to be released.
                ClaimOutcome::Unknown if self.flights.is_followed(operation.address) => {
                    return Some(Err(Refused::InProgress { retry_after: ASK_AGAIN }));
                }
                ClaimOutcome::Unknown => {
                    lead.silent_for(self.find_out_limit());
                    // Once: what is unknown again is another's doing.
                    if std::mem::replace(&mut verified, true) || !self.verify(operation).await {
                        lead.land(FlightEnd::Unknown);
                        return Some(Err(Refused::OutcomeUnknown));
                    }
                    asked = Instant::now();
                }
                ClaimOutcome::InFlight { .. } => {
                    let now = Instant::now();
                    if now >= deadline {
                        return Some(Err(Refused::InProgress { retry_after: ASK_AGAIN }));
                    }
                    let pause = backoff.take().min(deadline - now);
                    lead.elsewhere(pause);
                    tokio::time::sleep(pause).await;
                    asked = Instant::now();
                }
            }
        }
    }

    /// Asks the hook of the operation what became of it; true if the store may answer otherwise now.
    async fn verify(&self, operation: &Operation) -> bool {
        let (policy, name) = (&operation.policy, operation.label.operation());
        // Boxed, so that calls which need none of it stay small.
        Box::pin(self.find_out(operation.address, name, policy.lease, policy.ttl, HookPlace::Here)).await
    }

    /// Turns a won claim into an attempt. `None` if its flight was ended meanwhile, because its leader was not polled:
    /// the claim is given back then.
    pub(super) fn begin(
        self: &Arc<Self>,
        operation: &Operation,
        lead: Leader,
        won: Won,
        asked: Instant,
    ) -> Option<Box<Attempt>> {
        reach(points::ENGINE_BEGIN_BEFORE);
        let lease = operation.policy.lease;
        let held = Held {
            owner: won.owner,
            lease,
            renew_at: later(asked, lease / 3),
            until: later(asked, operation.policy.max_run),
        };
        let unclaimed = lead.unclaimed();
        let Some(flight) = lead.won(held) else {
            let (engine, counted) = (Arc::clone(self), Counted::new(self));
            let (address, retention) = (operation.address, operation.policy.ttl);
            self.keeper.spawn(self, async move {
                let _counted = counted;
                give_back(&engine, address, won.owner, unclaimed, retention).await;
            });
            return None;
        };
        self.keeper.wake_by(self, held.renew_at);
        let attempt = Box::new(Attempt::new(Arc::clone(self), flight, won, operation));
        reach(points::ENGINE_BEGIN_AFTER);
        Some(attempt)
    }

    pub(super) fn log_refused(&self, operation: &Operation, error: &StoreError) {
        let asked = Purpose::of("claim").at(operation.address).operation(operation.label.operation());
        self.log_failed(asked, error);
    }

    /// What a call may do whose claim failed, or the claim of the leader that it waited for.
    pub(super) fn refused(&self, kind: StoreErrorKind) -> Result<Entered, Refused> {
        // Failing open means running without a claim, so only what certainly left no claim behind may.
        if self.config.fail_open && kind == StoreErrorKind::Unavailable {
            return Ok(Entered::Unprotected);
        }
        Err(store_refusal(kind))
    }

    /// Waits for what the leader finds out. A mismatch is told before anything else that the leader knows.
    async fn join(
        self: &Arc<Self>,
        operation: &Operation,
        flight: &Arc<Flight>,
        deadline: Instant,
    ) -> Followed {
        let same = flight.fingerprint == operation.fingerprint;
        loop {
            let mut changed = pin!(flight.changed.notified());
            changed.as_mut().enable();
            let now = Instant::now();
            let stage = flight.stage();
            match &stage {
                // Past here the leader's fingerprint is known to be the record's.
                Stage::Elsewhere
                | Stage::Running(_)
                | Stage::TxCall
                | Stage::Ended(FlightEnd::Done(_) | FlightEnd::Unknown)
                    if !same =>
                {
                    return Followed::Answer(Err(Refused::KeyReused));
                }
                Stage::Ended(FlightEnd::Done(reply)) => {
                    return Followed::Answer(Ok(LocalLookup::Replay(reply.clone())));
                }
                Stage::Ended(FlightEnd::Unknown) => return Followed::Answer(Err(Refused::OutcomeUnknown)),
                Stage::Ended(FlightEnd::Failed(kind)) => {
                    return Followed::Answer(Ok(LocalLookup::Failed(*kind)));
                }
                Stage::Ended(FlightEnd::Open) => return Followed::AskAgain,
                // The leader may be a future that is held and never polled again.
                Stage::Claiming | Stage::Elsewhere | Stage::Contended if flight.is_forsaken(now) => {
                    self.flights.land(flight, FlightEnd::Open);
                    return Followed::AskAgain;
                }
                // What the record will say is not known: perhaps another request's.
                Stage::Claiming | Stage::Elsewhere | Stage::Contended | Stage::Running(_) | Stage::TxCall => {
                }
            }
            let until = match stage {
                Stage::Claiming => later(now, LOOK_AFTER_LEADER),
                _ if now >= deadline => {
                    return Followed::Answer(Err(Refused::InProgress { retry_after: ASK_AGAIN }));
                }
                Stage::Elsewhere | Stage::Contended => later(now, LOOK_AFTER_LEADER).min(deadline),
                _ => deadline,
            };
            if tokio::time::timeout_at(until.into(), changed).await.is_err() {
                self.adopt(flight);
            }
        }
    }
}

/// What this process knows by itself.
pub(super) enum LocalLookup {
    /// The answer.
    Replay(Reply),
    /// The store failed the claim that this call waited for.
    Failed(StoreErrorKind),
    /// Nothing: the call leads, and asks the store for itself and its followers.
    Lead {
        lead: Leader,
        /// Time just before the first store query.
        asked: Instant,
    },
}

crate::debug::variants!(LocalLookup { Replay, Failed, Lead });

enum Followed {
    Answer(Result<LocalLookup, Refused>),
    AskAgain,
}
