//! The leader of a flight: claims in the store, once for all concurrent calls with the key.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::claim::claim_until_decided;
use super::claim_slot::{Asked, Heard, Left, Unclaimed};
use super::flight::{Flight, FlightEnd, Held, Stage};
use super::{Engine, Operation};
#[cfg(feature = "_tx")]
use crate::protocol::AfterCrash;
use crate::protocol::{Claim, ClaimOutcome, Nonce};
use crate::store::{StoreError, StoreErrorKind};

pub(super) struct Leader {
    engine: Arc<Engine>,
    flight: Arc<Flight>,
    /// The flight has landed, or goes on as an attempt.
    over: bool,
    claim: Claim,
    /// The nonce of the claim was sent to the store.
    has_asked: bool,
    /// The handler has run, and reported an ambiguous outcome.
    doubtful: AtomicBool,
}

crate::debug::structure!(Leader: claim);

/// Why a leader got no answer from the store.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The store failed.
    Failed(StoreError),
    /// The leader was not polled for too long, and leads no more: the call begins anew.
    GivenBack,
}

impl Leader {
    pub(super) fn new(engine: &Arc<Engine>, flight: Arc<Flight>, operation: &Operation) -> Self {
        let claim = Claim {
            address: operation.address,
            nonce: Nonce::fresh(),
            fingerprint: operation.fingerprint,
            lease: operation.policy.lease,
            after_crash: operation.policy.after_crash,
            terms: engine.terms.get(operation.policy.ttl, operation.policy.lease, &engine.config.namespace),
            label: operation.label.clone(),
            key_hint: operation.key_hint,
        };
        Self {
            engine: Arc::clone(engine),
            flight,
            over: false,
            claim,
            has_asked: false,
            doubtful: AtomicBool::new(false),
        }
    }

    /// Claims, and waits for the answer for at most the engine's limit. `since`: the time just before.
    ///
    /// Each claim of a leader has a nonce of its own: the answer to the one before was "not won".
    pub(super) async fn claim(&mut self, since: Instant) -> Result<ClaimOutcome, NoAnswer> {
        if self.flight.has_ended() {
            return Err(NoAnswer::GivenBack);
        }
        let asked = self.ask(since);
        self.flight.claim.start(asked);
        let mut watched = false;
        let heard = poll_fn(|cx| {
            let polled = self.flight.claim.poll(cx);
            if polled.is_pending()
                && !std::mem::replace(&mut watched, true)
                && let Some(at) = self.flight.claim.adopt_at()
            {
                self.engine.keeper.wake_by(&self.engine, at);
            }
            polled
        });
        let heard = if self.engine.store.is_local() {
            heard.await
        } else {
            match tokio::time::timeout(self.engine.claim_limit(), heard).await {
                Ok(heard) => heard,
                Err(_) => {
                    let late = StoreError::new(StoreErrorKind::Undecided, "the store did not answer in time");
                    return Err(NoAnswer::Failed(late));
                }
            }
        };
        match heard {
            Heard::Answer(Ok(won @ ClaimOutcome::Won(_))) => Ok(won),
            Heard::Answer(Ok(outcome)) => {
                // The key is not free, so no doubt is left to be recorded.
                self.doubtful.store(false, Ordering::Relaxed);
                Ok(outcome)
            }
            Heard::Answer(Err(error)) => Err(NoAnswer::Failed(error)),
            Heard::GivenBack => Err(NoAnswer::GivenBack),
        }
    }

    fn ask(&mut self, since: Instant) -> Asked {
        if std::mem::replace(&mut self.has_asked, true) {
            self.claim.nonce = Nonce::fresh();
        }
        let unclaimed = self.unclaimed();
        let future = claim_until_decided(Arc::clone(&self.engine), self.claim.clone(), unclaimed, since);
        let (lease, retention) = (self.claim.lease, self.claim.terms.retention());
        Asked { future, lease, retention, unclaimed, since }
    }

    /// What to do with a claim that is won after this leader has left.
    pub(super) fn unclaimed(&self) -> Unclaimed {
        if self.doubtful.load(Ordering::Relaxed) { Unclaimed::MarkUnknown } else { Unclaimed::Release }
    }

    /// Another process holds the claim. The leader asks again within `pause`.
    pub(super) fn elsewhere(&self, pause: Duration) {
        self.flight.claim.silent_for(pause);
        self.flight.set(Stage::Elsewhere);
    }

    /// The leader is busy for up to `span` without a claim under way.
    pub(super) fn silent_for(&self, span: Duration) {
        self.flight.claim.silent_for(span);
    }

    /// Another transaction is at the key. The leader asks again within `pause`.
    #[cfg(feature = "_tx")]
    pub(super) fn contended(&self, pause: Duration) {
        self.flight.claim.silent_for(pause);
        self.flight.set(Stage::Contended);
    }

    /// What is asked of the store.
    #[cfg(feature = "_tx")]
    pub(super) const fn question(&self) -> &Claim {
        &self.claim
    }

    /// For a claim in a transaction: should its record ever be seen running, the record was committed by mistake, and it is
    /// not known which effects were committed with it.
    #[cfg(feature = "_tx")]
    pub(super) fn in_a_transaction(mut self) -> Self {
        self.claim.after_crash = AfterCrash::Unknown;
        self
    }

    /// The claim is won, in a transaction.
    #[cfg(feature = "_tx")]
    pub(super) fn tx(&self) {
        self.flight.set(Stage::TxCall);
    }

    /// From here on the key does not become free, even if the caller is dropped.
    #[cfg(feature = "_tx")]
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    pub(super) fn land(mut self, end: FlightEnd) {
        self.over = true;
        if matches!(end, FlightEnd::Done(_) | FlightEnd::Unknown) {
            // The record says so. A store that failed has recorded no doubt.
            *self.doubtful.get_mut() = false;
        }
        self.engine.flights.land(&self.flight, end);
    }

    /// The claim is won: the flight goes on as an attempt. `None` if the flight was ended meanwhile, because its leader
    /// was not polled.
    pub(super) fn won(mut self, held: Held) -> Option<Arc<Flight>> {
        self.over = true;
        *self.doubtful.get_mut() = false;
        self.flight.set(Stage::Running(held)).then(|| Arc::clone(&self.flight))
    }
}

impl Drop for Leader {
    /// A claim that is under way is followed to its answer. Until then the flight keeps other calls of the process waiting.
    fn drop(&mut self) {
        match self.flight.claim.leave() {
            Left::Asked(asked) => self.engine.follow(&self.flight, asked),
            Left::Followed => {}
            Left::Nothing if *self.doubtful.get_mut() => {
                let asked = self.ask(Instant::now());
                self.engine.follow(&self.flight, asked);
            }
            Left::Nothing if self.over => {}
            Left::Nothing => self.engine.flights.land(&self.flight, FlightEnd::Open),
        }
    }
}
