//! One claim, from the first question to the store to its answer.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::backoff::Backoff;
use super::calls::CallSite;
use super::claim_slot::{ClaimFuture, Unclaimed};
use super::panics::caught;
use super::{Engine, Purpose};
use crate::protocol::{Claim, ClaimOutcome, Nonce, Owner, WriteOutcome};
use crate::store::{Release, StoreError, StoreErrorKind};

/// What follows one question to the store.
enum Next {
    /// The claim has this answer.
    Decided(Result<ClaimOutcome, StoreError>),
    /// The question may have taken effect: it is repeated with its nonce.
    Repeat,
    /// The nonce is spent, and the handler never began: the claim begins anew with a fresh one.
    BeginAnew,
}

/// Asks the store until it has decided, always with the same nonce while an earlier copy may be under way.
///
/// A claim that was repeated may find its own record given up as unknown, or released by a sweep: the lease ended while
/// no answer came through. Its handler never began, so the record is released, and claimed again with a fresh nonce.
///
/// A question that panics is repeated, as one that was lost: the store failed, or its future was polled after its own
/// runtime had ended. This future itself never has to be made again, so it always knows which nonce may be under way.
///
/// A claim that is won after its lease is over may be another's by now. It is released and claimed again as well, so that
/// no handler begins beside one that took over.
///
/// With [`Unclaimed::MarkUnknown`] the handler has run, and the record is to become unknown: it is never released.
pub(super) fn claim_until_decided(
    engine: Arc<Engine>,
    mut claim: Claim,
    unclaimed: Unclaimed,
    mut since: Instant,
) -> ClaimFuture {
    Box::pin(async move {
        let mut repeated = false;
        let mut backoff = Backoff::for_questions();
        loop {
            let next = {
                let asked = pin!(ask(&engine, &claim, unclaimed, repeated, since));
                caught(asked).await
            };
            match next {
                Ok(Next::Decided(decided)) => return decided,
                Ok(Next::BeginAnew) => {
                    repeated = false;
                    since = Instant::now();
                    claim.nonce = Nonce::fresh();
                    continue;
                }
                Ok(Next::Repeat) => {}
                Err(_) => engine.log_limits.failure.event(|suppressed| {
                    let (address, operation) = (claim.address, claim.label.operation());
                    tracing::error!(
                        %address,
                        operation,
                        suppressed,
                        "a claim panicked, or its runtime has ended: it is repeated"
                    );
                }),
            }
            repeated = true;
            // The timer of a runtime that has ended panics.
            drop(caught(pin!(backoff.pause())).await);
        }
    })
}

async fn ask(engine: &Engine, claim: &Claim, unclaimed: Unclaimed, repeated: bool, since: Instant) -> Next {
    let answer = engine.store.claim(claim.clone()).await;
    // Asked after the answer: the lease may have ended while the claim was on its way.
    let is_late = since.elapsed() >= claim.lease;
    let may_release = unclaimed == Unclaimed::Release;
    match answer {
        // While an earlier copy may have taken effect, no error is an answer.
        Err(error) if repeated || error.kind() == StoreErrorKind::Undecided => {
            engine.log_failed(
                Purpose::of("claim").at(claim.address).operation(claim.label.operation()),
                &error,
            );
            Next::Repeat
        }
        Ok(ClaimOutcome::Won(won)) if is_late && may_release => {
            let released = release(engine, claim, won.owner).await;
            released.map_or(Next::Repeat, |_| Next::BeginAnew)
        }
        Ok(ClaimOutcome::Unknown) if (repeated || is_late) && may_release => {
            match release_own_unknown(engine, claim).await {
                Ok(true) => Next::BeginAnew,
                Ok(false) => Next::Decided(Ok(ClaimOutcome::Unknown)),
                Err(error) if repeated || error.is_transient() => Next::Repeat,
                Err(error) => Next::Decided(Err(error)),
            }
        }
        // Perhaps a sweep has released the nonce of this claim.
        Ok(ClaimOutcome::InFlight { .. }) if repeated => Next::BeginAnew,
        decided => Next::Decided(decided),
    }
}

/// Releases an unknown record that belongs to `claim`, whose handler never began. False if it belongs to another claim.
async fn release_own_unknown(engine: &Engine, claim: &Claim) -> Result<bool, StoreError> {
    let found = engine.store.call(CallSite::LOOK_UP_UNCLAIMED, |store| store.look_up(claim.address)).await?;
    let owner = match found {
        Some(record) if record.owner.nonce == claim.nonce => record.owner,
        _ => return Ok(false),
    };
    release(engine, claim, owner).await.map(|_| true)
}

async fn release(engine: &Engine, claim: &Claim, owner: Owner) -> Result<WriteOutcome, StoreError> {
    let release = Release { address: claim.address, owner, retention: claim.terms.retention() };
    engine.store.call(CallSite::RELEASE_UNCLAIMED, |store| store.release(release)).await
}
