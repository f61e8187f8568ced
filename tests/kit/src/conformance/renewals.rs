//! T3: an owner that is alive keeps its lease, and an owner that lost the claim is told to stop.

use crate::trial::{address, reply, sound};
use crate::{Backend, Trial};
use idem_core::clock::Timestamp;
use idem_core::protocol::{AfterCrash, ClaimOutcome, RenewOutcome, State, WriteOutcome};
use idem_core::store::{Addressed, Batch, Renewal, Store};

async fn lease_of<B: Backend>(t: &Trial<B>, key: &str) -> Timestamp {
    match t.present(key).await.state {
        State::Running { lease } => lease,
        other => panic!("a renewed claim runs, and is {other:?}"),
    }
}

/// To `now + lease`.
pub async fn a_renewal_pushes_the_lease_on<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Rerun).await;
    let before = lease_of(&t, "k").await;
    assert_eq!(t.renew("k", owner, t.long()).await, RenewOutcome::Renewed, "an owner may renew");
    let after = lease_of(&t, "k").await;
    assert!(after > before, "the lease reaches further");
    if let Some(now) = t.backend().now() {
        assert_eq!(after, now + t.long(), "the lease is counted from the renewal, on the store's clock");
    }
}

/// A renewal that was on its way for long, or asks for less, takes nothing back.
pub async fn a_renewal_never_shortens_a_lease<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    let before = lease_of(&t, "k").await;
    assert_eq!(t.renew("k", owner, t.short()).await, RenewOutcome::Renewed, "an owner may renew");
    assert_eq!(lease_of(&t, "k").await, before, "a lease never moves back");
    t.pass_short().await;
    let second = t.claim(t.ask("k")).await;
    assert!(matches!(second, ClaimOutcome::InFlight { .. }), "the long lease still counts: {second:?}");
}

/// The lease only says when others may try; as long as no other attempt has claimed, the claim is its owner's.
pub async fn a_late_renewal_still_counts<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    assert_eq!(t.renew("k", owner, t.long()).await, RenewOutcome::Renewed, "no other claim came in between");
    let second = t.claim(t.ask("k")).await;
    assert!(matches!(second, ClaimOutcome::InFlight { .. }), "the lease is live again: {second:?}");
}

/// The handler of the lost claim must stop.
pub async fn a_claim_that_was_taken_over_is_lost<B: Backend>(t: Trial<B>) {
    let stale = t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    t.owner_of("k").await;
    let before = t.present("k").await;
    assert_eq!(t.renew("k", stale, t.long()).await, RenewOutcome::Lost, "the claim was taken over");
    t.assert_unchanged("k", &before, "a stale renewal is refused").await;
}

/// Only what runs has a lease.
pub async fn a_claim_that_ended_is_lost<B: Backend>(t: Trial<B>) {
    let done = t.owner_of("done").await;
    assert_eq!(t.complete("done", done, &reply("end")).await, WriteOutcome::Applied, "an owner may complete");
    let released = t.owner_of("released").await;
    assert_eq!(t.release("released", released).await, WriteOutcome::Applied, "an owner may release");
    let unknown = t.owner_of("unknown").await;
    assert_eq!(t.mark_unknown("unknown", unknown).await, WriteOutcome::Applied, "an owner may give up");
    for (key, owner) in [("done", done), ("released", released), ("unknown", unknown)] {
        let before = t.present(key).await;
        assert_eq!(t.renew(key, owner, t.long()).await, RenewOutcome::Lost, "a {key} record has no lease");
        t.assert_unchanged(key, &before, "nothing is there to renew").await;
    }
    assert_eq!(t.renew("absent", done, t.long()).await, RenewOutcome::Lost, "nothing is there to renew");
    assert_eq!(t.record("absent").await, None, "a renewal makes no record");
}

/// One batch for all claims of a process, some of them lost.
pub async fn mixed_owners_get_answers_in_order<B: Backend>(t: Trial<B>) {
    let mut renewals = Vec::new();
    let mut lost = Vec::new();
    for number in 0..24 {
        let key = format!("k{number}");
        let owner = t.abandon(&key, AfterCrash::Rerun).await;
        renewals.push(Renewal::new(address(&key), owner, t.long()));
        if number % 3 == 0 {
            assert_eq!(t.release(&key, owner).await, WriteOutcome::Applied, "an owner may release");
            lost.push(address(&key));
        }
    }
    let (batch, _) = Batch::new(renewals);
    let order: Vec<_> = batch.iter().map(Addressed::address).collect();
    let answers = t.store().renew(batch).await;
    assert_eq!(answers.len(), order.len(), "each renewal gets an answer");
    for (address, answer) in order.iter().zip(answers) {
        let expected = if lost.contains(address) { RenewOutcome::Lost } else { RenewOutcome::Renewed };
        assert_eq!(sound("a renewal", answer), expected, "answers come in the batch's order");
    }
    t.pass_short().await;
    assert_eq!(t.sweep().await.released, 0, "what was renewed is not abandoned");
    let (empty, _) = Batch::new(Vec::new());
    assert!(t.store().renew(empty).await.is_empty(), "an empty batch gets no answers");
}
