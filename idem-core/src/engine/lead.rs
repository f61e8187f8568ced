//! The leader of a flight: asks the store, once for all twins, and leaves nothing behind if it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::flight::{End, Flight, Held, Stage};
use super::{Engine, Operation};
use crate::fault::{points, reach};
#[cfg(feature = "_tx")]
use crate::protocol::AfterCrash;
use crate::protocol::{Claim, ClaimOutcome, Nonce, Order, Seen, Verdict};
use crate::store::{Release, Settlement, StoreError, StoreErrorKind, Surrender};

/// A question to the store that was not answered is put again after this, doubling.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Lead {
    engine: Arc<Engine>,
    flight: Arc<Flight>,
    /// The flight has landed, or goes on as an attempt.
    over: bool,
    claim: Claim,
    /// A claim was sent and its answer is not known.
    undecided: bool,
    /// The handler has run, and says that something may have happened where nobody can undo it.
    doubtful: AtomicBool,
}

impl Lead {
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
            undecided: false,
            doubtful: AtomicBool::new(false),
        }
    }

    /// Asks until the store has decided, for at most the engine's patience; always with the same nonce.
    pub(super) async fn claim(&mut self) -> Result<ClaimOutcome, StoreError> {
        let mut begun = None;
        let mut pause = FIRST_PAUSE;
        loop {
            self.undecided = true;
            reach(points::ENGINE_CLAIM_BEFORE);
            let answer = ask(&self.engine, &self.claim).await;
            reach(points::ENGINE_CLAIM_AFTER);
            match answer {
                Err(error) if error.kind() == StoreErrorKind::Undecided => {
                    if begun.get_or_insert_with(Instant::now).elapsed() >= self.engine.config.patience {
                        return Err(error);
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                }
                decided => {
                    self.undecided = false;
                    if decided.is_ok() {
                        self.doubtful.store(false, Ordering::Relaxed);
                    }
                    return decided;
                }
            }
        }
    }

    /// Another process holds the claim.
    pub(super) fn elsewhere(&self) {
        self.flight.set(Stage::Elsewhere);
    }

    /// Another transaction is at the key.
    #[cfg(feature = "_tx")]
    pub(super) fn contended(&self) {
        self.flight.set(Stage::Contended);
    }

    /// What is asked of the store.
    #[cfg(feature = "_tx")]
    pub(super) const fn question(&self) -> &Claim {
        &self.claim
    }

    /// For a claim that rides in a transaction: should it ever be seen running, it was committed by mistake, and nobody
    /// knows what else was.
    #[cfg(feature = "_tx")]
    pub(super) fn in_a_transaction(mut self) -> Self {
        self.claim.after_crash = AfterCrash::Unknown;
        self
    }

    /// The claim is won, in a transaction.
    #[cfg(feature = "_tx")]
    pub(super) fn coupled(&self) {
        self.flight.set(Stage::Coupled);
    }

    /// From here on, whatever becomes of the caller, the key does not become free.
    #[cfg(feature = "_tx")]
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    pub(super) fn land(mut self, end: End) {
        self.over = true;
        self.engine.flights.land(&self.flight, end);
    }

    /// The claim is won: the flight goes on as an attempt.
    pub(super) fn won(mut self, held: Held) -> Arc<Flight> {
        self.over = true;
        self.flight.set(Stage::Running(held));
        Arc::clone(&self.flight)
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let open = (!self.over).then(|| Landing(Arc::clone(&self.engine), Arc::clone(&self.flight)));
        if *self.doubtful.get_mut() {
            // Twins here go on when it is written down: until then the key looks free.
            let until_then = (Marking::new(&self.engine), open);
            let marking = make_unknown(Arc::clone(&self.engine), self.claim.clone(), until_then);
            self.engine.keeper.spawn(&self.engine, marking);
        } else if self.undecided {
            let engine = Arc::clone(&self.engine);
            self.engine.keeper.spawn(&self.engine, take_back(engine, self.claim.clone()));
        }
    }
}

/// A drain waits for it.
struct Marking(Arc<Engine>);

impl Marking {
    fn new(engine: &Arc<Engine>) -> Self {
        engine.flights.attempt_begins();
        Self(Arc::clone(engine))
    }
}

impl Drop for Marking {
    fn drop(&mut self) {
        self.0.flights.attempt_ends();
    }
}

/// Lands a flight when it is dropped; whoever follows it asks the store.
struct Landing(Arc<Engine>, Arc<Flight>);

impl Drop for Landing {
    fn drop(&mut self) {
        self.0.flights.land(&self.1, End::Open);
    }
}

async fn ask(engine: &Engine, claim: &Claim) -> Result<ClaimOutcome, StoreError> {
    engine.in_time(engine.store.claim(claim.clone())).await
}

/// Finds out whether a claim was won that nobody waits for any more, and gives it back: its handler never ran.
async fn take_back(engine: Arc<Engine>, claim: Claim) {
    let retention = claim.terms.retention();
    let mut pause = FIRST_PAUSE;
    loop {
        reach(points::TAKE_BACK_CLAIM_BEFORE);
        let answer = ask(&engine, &claim).await;
        reach(points::TAKE_BACK_CLAIM_AFTER);
        match answer {
            Ok(ClaimOutcome::Won(won)) => {
                let release = Release { address: claim.address, owner: won.owner, retention };
                reach(points::TAKE_BACK_RELEASE_BEFORE);
                let released = engine.store.release(release).await;
                reach(points::TAKE_BACK_RELEASE_AFTER);
                if released.is_ok() {
                    return;
                }
            }
            // Swept while the store was away: still nobody's, and certainly not run.
            Ok(ClaimOutcome::Unknown) => {
                reach(points::TAKE_BACK_LOOK_UP_BEFORE);
                let found = engine.store.look_up(claim.address).await;
                reach(points::TAKE_BACK_LOOK_UP_AFTER);
                match found {
                    Ok(Some(record)) if record.owner.nonce == claim.nonce => {
                        reach(points::TAKE_BACK_SETTLE_BEFORE);
                        let settled =
                            engine.store.settle(not_run(&claim, Seen::of(&record), retention)).await;
                        reach(points::TAKE_BACK_SETTLE_AFTER);
                        if settled.is_ok() {
                            return;
                        }
                    }
                    Ok(_) => return,
                    Err(_) => {}
                }
            }
            Ok(_) => return,
            Err(error) if !error.is_transient() => return,
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Claims a key whose handler says that nobody knows what it did, and whose caller is gone, and writes that down.
async fn make_unknown(engine: Arc<Engine>, claim: Claim, _until_then: (Marking, Option<Landing>)) {
    let mut pause = FIRST_PAUSE;
    loop {
        reach(points::ENGINE_DOUBT_BEFORE);
        let answer = ask(&engine, &claim).await;
        reach(points::ENGINE_DOUBT_AFTER);
        match answer {
            Ok(ClaimOutcome::Won(won)) => {
                let surrender = Surrender { address: claim.address, owner: won.owner };
                reach(points::ENGINE_UNKNOWN_BEFORE);
                let marked = engine.in_time(engine.store.mark_unknown(surrender)).await;
                reach(points::ENGINE_UNKNOWN_AFTER);
                if marked.is_ok() {
                    return;
                }
            }
            // It is so already, or others came meanwhile.
            Ok(_) => return,
            Err(error) if !error.is_transient() => {
                tracing::error!(address = %claim.address, %error, "it cannot be recorded that nobody knows");
                return;
            }
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

fn not_run(claim: &Claim, seen: Seen, retention: Duration) -> Settlement {
    let order = Order::by("idem").because("the caller was gone before the handler began");
    Settlement { address: claim.address, seen, verdict: Verdict::DidNotHappen, order, retention }
}
