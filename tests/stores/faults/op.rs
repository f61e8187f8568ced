//! Every operation of a store: what must be there before, what its answer must be, and what it leaves behind.

use std::time::Duration;

use idem_core::AfterCrash;
use idem_core::protocol::{
    Claim, ClaimOutcome, Order, Owner, RenewOutcome, Seen, State, StateKind, Verdict, WriteOutcome,
};
use idem_core::store::{Batch, Forget, Free, MarkUnknown, Page, Renewal, Store, StoreError, Sweep};

use crate::support::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Claim,
    ClaimBatch,
    TakeOver,
    ClaimAgain,
    Replay,
    Duplicate,
    Complete,
    CompleteBatch,
    CompleteLate,
    Release,
    MarkUnknown,
    Renew,
    Settle,
    Free,
    Forget,
    Sweep,
    Reap,
    LookUp,
    List,
}

/// One operation's record and what it knows about it.
pub(super) struct Context {
    key: String,
    /// Of the claim that the operation makes, the same at every repetition.
    claim: Claim,
    /// Of those that travel with it.
    beside: Vec<Claim>,
    /// Of the claim that was there before.
    owner: Option<Owner>,
    owners: Vec<Owner>,
    /// The record before it.
    seen: Option<Seen>,
}

/// A lease that is over when it begins.
const NONE: Duration = Duration::ZERO;

impl Op {
    pub(super) const ALL: [Self; 19] = [
        Self::Claim,
        Self::ClaimBatch,
        Self::TakeOver,
        Self::ClaimAgain,
        Self::Replay,
        Self::Duplicate,
        Self::Complete,
        Self::CompleteBatch,
        Self::CompleteLate,
        Self::Release,
        Self::MarkUnknown,
        Self::Renew,
        Self::Settle,
        Self::Free,
        Self::Forget,
        Self::Sweep,
        Self::Reap,
        Self::LookUp,
        Self::List,
    ];

    pub(super) async fn prepare(self, direct: &dyn Store, key: &str) -> Context {
        let mut context = Context {
            key: key.to_owned(),
            claim: claim(key),
            beside: (0..2).map(|n| claim(&format!("{key} beside {n}"))).collect(),
            owner: None,
            owners: Vec::new(),
            seen: None,
        };
        let lease = if matches!(self, Self::TakeOver | Self::Sweep) { NONE } else { LEASE };
        match self {
            Self::Claim | Self::ClaimBatch => {}
            _ => {
                let first = with(claim(key), |it| {
                    it.lease = lease;
                    it.after_crash = AfterCrash::Rerun;
                });
                context.owner = Some(owner_in(direct.claim(first).await));
            }
        }
        let owner = || context.owner.unwrap();
        match self {
            Self::ClaimAgain => applied(direct.release(release(key, owner())).await),
            Self::Replay => applied(direct.complete(completion(key, owner())).await),
            Self::CompleteLate | Self::Settle | Self::Forget => {
                applied(direct.mark_unknown(MarkUnknown::new(address(key), owner())).await);
            }
            Self::Reap => {
                let mut completion = completion(key, owner());
                completion.retention = NONE;
                applied(direct.complete(completion).await);
            }
            Self::CompleteBatch => {
                for beside in &context.beside {
                    context.owners.push(owner_in(direct.claim(beside.clone()).await));
                }
            }
            _ => {}
        }
        context.seen = direct.look_up(address(key)).await.unwrap().as_ref().map(Seen::of);
        context
    }

    /// Fails only as the store does; a wrong answer is a failure of the test.
    pub(super) async fn act(self, store: &dyn Store, context: &Context) -> Result<(), StoreError> {
        let key = &*context.key;
        let owner = context.owner;
        match self {
            Self::Claim | Self::TakeOver | Self::ClaimAgain => {
                let ClaimOutcome::Won(won) = store.claim(context.claim.clone()).await? else {
                    panic!("{self:?}: the only claimant wins")
                };
                assert_eq!(won.owner.nonce, context.claim.nonce);
                let expected = if self == Self::Claim { 1 } else { 2 };
                assert_eq!(won.attempts, expected, "{self:?}: a repetition is no further attempt");
            }
            Self::ClaimBatch => {
                let claims = context.beside.iter().chain([&context.claim]).cloned().collect();
                for answer in store.claim_batch(Batch::new(claims).0).await {
                    assert!(matches!(answer?, ClaimOutcome::Won(_)));
                }
            }
            Self::Replay => {
                let ClaimOutcome::Replay(replay) = store.claim(context.claim.clone()).await? else {
                    panic!("a done key replays")
                };
                assert_eq!(replay.reply, reply(key));
            }
            Self::Duplicate => {
                let answer = store.claim(context.claim.clone()).await?;
                assert!(matches!(answer, ClaimOutcome::InFlight { .. }));
            }
            Self::Complete | Self::CompleteLate => {
                let done = store.complete(completion(key, owner.unwrap())).await?;
                assert_eq!(done, WriteOutcome::Applied);
            }
            Self::CompleteBatch => {
                let mut completions = vec![completion(key, owner.unwrap())];
                for (n, owner) in context.owners.iter().enumerate() {
                    completions.push(completion(&format!("{key} beside {n}"), *owner));
                }
                for answer in store.complete_batch(Batch::new(completions).0).await {
                    assert_eq!(answer?, WriteOutcome::Applied);
                }
            }
            Self::Release => {
                assert_eq!(store.release(release(key, owner.unwrap())).await?, WriteOutcome::Applied);
            }
            Self::MarkUnknown => {
                let mark = MarkUnknown::new(address(key), owner.unwrap());
                assert_eq!(store.mark_unknown(mark).await?, WriteOutcome::Applied);
            }
            Self::Renew => {
                let renewal = Renewal::new(address(key), owner.unwrap(), LEASE * 2);
                // Skipped where the first, lost renewal still has the row locked.
                let renewed = store.renew(Batch::new(vec![renewal]).0).await.remove(0)?;
                assert!(matches!(renewed, RenewOutcome::Renewed | RenewOutcome::Skipped));
            }
            Self::Settle => {
                let verdict = Verdict::Happened(reply(key));
                let settlement = settlement(key, owner.unwrap(), verdict);
                assert_eq!(store.settle(settlement).await?, WriteOutcome::Applied);
            }
            Self::Free => {
                let (address, seen) = (address(key), context.seen.unwrap());
                let freeing = Free::new(namespace(), address, seen, Order::by("ada"), RETENTION);
                assert_eq!(store.free(freeing).await?, WriteOutcome::Applied);
            }
            Self::Forget => {
                let forgetting = Forget::new(namespace(), address(key), context.seen.unwrap());
                assert_eq!(store.forget(forgetting).await?, WriteOutcome::Applied);
            }
            Self::Sweep => {
                store.sweep(Sweep::new(namespace(), NONE, RETENTION, 10)).await?;
            }
            Self::Reap => {
                store.reap(10).await?;
            }
            Self::LookUp => {
                let record = store.look_up(address(key)).await?.expect("it is there");
                assert_eq!(Some(record.owner), owner);
            }
            Self::List => {
                let page = Page::new(namespace(), StateKind::Running, None, 1 << 20);
                let listed = store.list(page).await?;
                assert!(listed.iter().any(|entry| entry.address == address(key)));
            }
        }
        Ok(())
    }

    /// What the others see.
    pub(super) async fn check(self, direct: &dyn Store, context: &Context) {
        let key = &*context.key;
        let record = direct.look_up(address(key)).await.unwrap();
        let state = record.as_ref().map(|record| &record.state);
        let winner = record.as_ref().map(|record| record.owner);
        match self {
            Self::Claim | Self::TakeOver | Self::ClaimAgain | Self::ClaimBatch => {
                assert!(matches!(state, Some(State::Running { .. })));
                assert_eq!(winner.map(|owner| owner.nonce), Some(context.claim.nonce));
                let other = direct.claim(claim(key)).await.unwrap();
                assert!(matches!(other, ClaimOutcome::InFlight { .. }), "no other attempt runs");
                applied(direct.complete(completion(key, winner.unwrap())).await);
            }
            Self::Complete | Self::CompleteLate | Self::CompleteBatch | Self::Replay | Self::Settle => {
                let Some(State::Done { reply: stored, .. }) = state else { panic!("{self:?}: {state:?}") };
                assert_eq!(*stored, reply(key));
            }
            Self::Release => assert!(matches!(state, Some(State::Released { .. }))),
            Self::Free => {
                assert!(matches!(state, Some(State::Released { .. })));
                assert!(record.as_ref().is_some_and(|record| record.audit.is_some()), "with its line");
            }
            Self::MarkUnknown => assert_eq!(state, Some(&State::Unknown)),
            Self::Renew | Self::Duplicate | Self::LookUp | Self::List => {
                assert!(matches!(state, Some(State::Running { .. })));
                assert_eq!(winner, context.owner);
                applied(direct.complete(completion(key, winner.unwrap())).await);
            }
            Self::Forget => assert_eq!(state, None),
            // Where records expire by themselves, it may take a moment until the record is gone.
            Self::Reap => drop(win(direct, key).await),
            Self::Sweep => assert!(matches!(state, Some(State::Released { .. }))),
        }
    }
}

#[track_caller]
fn applied(outcome: Result<WriteOutcome, StoreError>) {
    assert_eq!(outcome.unwrap(), WriteOutcome::Applied);
}
