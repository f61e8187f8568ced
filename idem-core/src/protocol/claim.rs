//! T1, T2a, T2b and T10: asking to run an operation.

use std::time::Duration;

use super::owner::{Fence, Nonce, Owner};
use super::record::{AfterCrash, Record, State};
use super::terms::Terms;
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::reply::Reply;
use crate::time::Timestamp;

/// A request to run an operation.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The record's address.
    pub address: Address,
    /// Made for this claim alone. Repeating the claim with the same nonce is safe and tells whether it was won.
    pub nonce: Nonce,
    /// What this request says.
    pub fingerprint: Fingerprint,
    /// How long the claim keeps others out unless it is renewed, on the store's clock.
    pub lease: Duration,
    /// What becomes of the claim if its owner vanishes.
    pub after_crash: AfterCrash,
    /// What its handler says about the record, kept in it.
    pub terms: Terms,
    /// For operators.
    pub label: Label,
    /// For operators.
    pub key_hint: KeyHint,
}

/// What a claim got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum ClaimOutcome {
    /// Run it, and complete or release it as this owner.
    Won(Won),
    /// It has run: here is its answer.
    Replay(Replay),
    /// Somebody else is at it.
    InFlight {
        /// How much of the lease is left.
        lease_left: Duration,
    },
    /// The key was used for another request.
    Mismatch,
    /// It may or may not have happened, and must not run.
    Unknown,
}

/// A won claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Won {
    /// The guard of all further writes.
    pub owner: Owner,
    /// Which attempt this is, from 1.
    pub attempts: u32,
}

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The answer.
    pub reply: Reply,
    /// How long the record still lives.
    pub remaining: Duration,
}

/// Decides a claim and changes the record where it is won, or where a lapsed owner turns out to have asked for
/// [`AfterCrash::Unknown`].
///
/// A mismatch is told before anything else about a live record.
///
/// A claim that is delayed on its way until after its owner released wins once more, and nobody holds it: the key is
/// then busy until that lease ends.
pub fn claim(record: &mut Option<Record>, claim: &Claim, now: Timestamp) -> ClaimOutcome {
    let Some(old) = record else {
        let (fresh, won) = first(claim, Fence::first(now), now);
        *record = Some(fresh);
        return ClaimOutcome::Won(won);
    };
    if old.state.is_expired(now) {
        let (fresh, won) = first(claim, old.owner.fence.next(now), now);
        *old = fresh;
        return ClaimOutcome::Won(won);
    }
    if old.fingerprint != claim.fingerprint {
        return ClaimOutcome::Mismatch;
    }
    match &old.state {
        State::Done { reply, expires } => {
            ClaimOutcome::Replay(Replay { reply: reply.clone(), remaining: expires.since(now) })
        }
        State::Released { .. } => again(old, claim, now),
        State::Running { .. } if old.owner.nonce == claim.nonce => {
            ClaimOutcome::Won(Won { owner: old.owner, attempts: old.attempts })
        }
        State::Running { lease } if *lease > now => ClaimOutcome::InFlight { lease_left: lease.since(now) },
        State::Running { .. } => match old.after_crash {
            AfterCrash::Rerun => again(old, claim, now),
            AfterCrash::Unknown => {
                old.state = State::Unknown;
                ClaimOutcome::Unknown
            }
        },
        State::Unwinding => ClaimOutcome::InFlight { lease_left: Duration::ZERO },
        State::Unknown | State::Stuck => ClaimOutcome::Unknown,
    }
}

fn first(claim: &Claim, fence: Fence, now: Timestamp) -> (Record, Won) {
    let owner = Owner { fence, nonce: claim.nonce };
    let record = Record {
        fingerprint: claim.fingerprint,
        owner,
        attempts: 1,
        after_crash: claim.after_crash,
        created: now,
        label: claim.label.clone(),
        key_hint: claim.key_hint,
        audit: None,
        terms: Some(claim.terms.clone()),
        state: State::Running { lease: now + claim.lease },
    };
    (record, Won { owner, attempts: 1 })
}

/// The same operation again: the fence rises, the record keeps its age.
fn again(record: &mut Record, claim: &Claim, now: Timestamp) -> ClaimOutcome {
    record.owner = Owner { fence: record.owner.fence.next(now), nonce: claim.nonce };
    record.attempts = record.attempts.saturating_add(1);
    record.after_crash = claim.after_crash;
    record.terms = Some(claim.terms.clone());
    record.state = State::Running { lease: now + claim.lease };
    ClaimOutcome::Won(Won { owner: record.owner, attempts: record.attempts })
}
