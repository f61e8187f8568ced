//! T1, T2a, T2b and T10: asking to run an operation.

use std::time::Duration;

use super::owner::{Fence, Nonce, Owner};
use super::record::{AfterCrash, Record, State};
use super::terms::Terms;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::label::{KeyHint, Label};
use crate::reply::Reply;

/// A request to run an operation.
#[derive(Debug, Clone)]
#[non_exhaustive]
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

impl Claim {
    /// A claim of `address` for `lease`. If its owner vanishes, it is not run again, and operators see neither the
    /// operation nor a hint of the key, unless the two methods below say so.
    #[must_use]
    pub fn new(
        address: Address,
        nonce: Nonce,
        fingerprint: Fingerprint,
        lease: Duration,
        terms: Terms,
    ) -> Self {
        let (label, key_hint) = (Label::from_stored(""), KeyHint::default());
        Self { address, nonce, fingerprint, lease, after_crash: AfterCrash::Unknown, terms, label, key_hint }
    }

    /// What becomes of the claim if its owner vanishes.
    #[must_use]
    pub const fn after_crash(mut self, after_crash: AfterCrash) -> Self {
        self.after_crash = after_crash;
        self
    }

    /// What operators see of it.
    #[must_use]
    pub fn for_operators(mut self, label: Label, key_hint: KeyHint) -> Self {
        self.label = label;
        self.key_hint = key_hint;
        self
    }
}

/// What a claim got.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum ClaimOutcome {
    /// Run it, and complete or release it as this owner.
    Won(Won),
    /// The operation is done: here is its reply.
    Replay(Replay),
    /// Another claim holds the key. Or this claim's own nonce was released: then ask with a fresh nonce.
    InFlight {
        /// How much of the lease is left. Zero while the record unwinds, and for a nonce that was released.
        lease_left: Duration,
    },
    /// The key was used for another request.
    Mismatch,
    /// The operation may or may not have happened, and must not run.
    Unknown,
}

/// A won claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Won {
    /// The guard of all further writes.
    pub owner: Owner,
    /// Which attempt this is, from 1.
    pub attempts: u32,
    /// True of a take-over: the operation was running, and the lease of its owner had ended. The next question with the
    /// same nonce is answered with false, because the record does not say how it was claimed.
    pub took_over: bool,
}

impl Won {
    /// Won by `owner`, as attempt number `attempts`, and not by a take-over.
    #[must_use]
    pub const fn new(owner: Owner, attempts: u32) -> Self {
        Self { owner, attempts, took_over: false }
    }
}

/// A stored answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replay {
    /// The answer.
    pub reply: Reply,
    /// How long the record still lives.
    pub remaining: Duration,
}

impl Replay {
    /// An answer that lives for `remaining`.
    #[must_use]
    pub const fn new(reply: Reply, remaining: Duration) -> Self {
        Self { reply, remaining }
    }
}

/// Decides a claim and changes the record where it is won, or where a lapsed owner turns out to have asked for
/// [`AfterCrash::Unknown`].
///
/// A mismatch is told before anything else about a live record.
///
/// A nonce is spent when its record is released or done: a copy of the claim that arrives afterwards writes nothing,
/// however late, as long as the record is there. A released nonce is answered [`InFlight`](ClaimOutcome::InFlight)
/// without any lease left, and the next question needs a fresh nonce. A completed nonce is answered by its own reply,
/// past the retention too, with nothing of it remaining. Where the record was dropped meanwhile, the copy is a first
/// claim: a store that drops records relies on messages that do not outlive the retention.
pub fn claim(record: &mut Option<Record>, claim: &Claim, now: Timestamp) -> ClaimOutcome {
    let Some(old) = record else {
        let (fresh, won) = first(claim, Fence::first(now), now);
        *record = Some(fresh);
        return ClaimOutcome::Won(won);
    };
    let own = old.owner.nonce == claim.nonce;
    if old.state.is_expired(now) && !own {
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
        // The claim's own nonce was released already: this is a copy of it.
        State::Released { .. } if own => ClaimOutcome::InFlight { lease_left: Duration::ZERO },
        State::Released { .. } => ClaimOutcome::Won(again(old, claim, now)),
        State::Running { .. } if own => ClaimOutcome::Won(Won::new(old.owner, old.attempts)),
        State::Running { lease } if *lease > now => ClaimOutcome::InFlight { lease_left: lease.since(now) },
        State::Running { .. } => match old.after_crash {
            AfterCrash::Rerun => ClaimOutcome::Won(Won { took_over: true, ..again(old, claim, now) }),
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
    (record, Won::new(owner, 1))
}

/// The same operation again: the fence rises, the record keeps its age.
fn again(record: &mut Record, claim: &Claim, now: Timestamp) -> Won {
    record.owner = Owner { fence: record.owner.fence.next(now), nonce: claim.nonce };
    record.attempts = record.attempts.saturating_add(1);
    record.after_crash = claim.after_crash;
    record.terms = Some(claim.terms.clone());
    record.state = State::Running { lease: now + claim.lease };
    Won::new(record.owner, record.attempts)
}
