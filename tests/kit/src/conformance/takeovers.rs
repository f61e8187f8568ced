//! T2a: when another caller may run an abandoned operation.

use crate::trial::{print, reply};
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, ClaimOutcome, RecordView, RenewOutcome, StateKind, WriteOutcome};

/// [`AfterCrash::Rerun`] opens nothing while the lease lasts.
pub async fn a_live_lease_keeps_everyone_out<B: Backend>(t: Trial<B>) {
    t.won(with!(t.ask("k"), after_crash = AfterCrash::Rerun)).await;
    t.pass_short().await;
    let second = t.claim(with!(t.ask("k"), after_crash = AfterCrash::Rerun)).await;
    assert!(matches!(second, ClaimOutcome::InFlight { .. }), "the lease is live, and a claim got {second:?}");
}

/// Lease over ∧ `rerun` ∧ the same request.
pub async fn a_lapsed_claim_is_taken_over<B: Backend>(t: Trial<B>) {
    let stale = t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    let won = t.won(t.ask("k")).await;
    assert_eq!(won.attempts, 2, "a take-over is the next attempt");
    assert_ne!(won.owner.nonce, stale.nonce, "the new owner carries its own nonce");

    let before = t.present("k").await;
    let late = t.complete("k", stale, &reply("stale")).await;
    assert_eq!(late, WriteOutcome::Lost(RecordView::Running), "a stale owner writes nothing (I4)");
    t.assert_unchanged("k", &before, "a stale owner is refused").await;
    let done = t.complete("k", won.owner, &reply("new")).await;
    assert_eq!(done, WriteOutcome::Applied, "the new owner completes");
}

/// A claim of an abandoned key does not decide whether the key may run: the record does.
pub async fn the_record_decides_and_not_the_claimant<B: Backend>(t: Trial<B>) {
    t.abandon("unknown", AfterCrash::Unknown).await;
    t.abandon("rerun", AfterCrash::Rerun).await;
    t.pass_short().await;
    let claim = with!(t.ask("unknown"), after_crash = AfterCrash::Rerun);
    assert_eq!(
        t.claim(claim).await,
        ClaimOutcome::Unknown,
        "the record says `unknown`, so it must not run (I10)"
    );
    let claim = with!(t.ask("rerun"), after_crash = AfterCrash::Unknown);
    assert_eq!(t.won(claim).await.attempts, 2, "the record says `rerun`");
}

/// A take-over under another policy puts that one into the record.
pub async fn the_newest_owner_decides<B: Backend>(t: Trial<B>) {
    t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    t.abandon("k", AfterCrash::Unknown).await;
    assert_eq!(t.present("k").await.after_crash, AfterCrash::Unknown, "a take-over brings its own policy");
    t.pass_short().await;
    let claim = with!(t.ask("k"), after_crash = AfterCrash::Rerun);
    assert_eq!(t.claim(claim).await, ClaimOutcome::Unknown, "the newest owner asked for `unknown`");
}

/// A claim that is renewed in time is not taken over.
pub async fn a_renewed_lease_keeps_everyone_out<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Rerun).await;
    assert_eq!(t.renew("k", owner, t.long()).await, RenewOutcome::Renewed, "an owner may renew");
    t.pass_short().await;
    let second = t.claim(t.ask("k")).await;
    assert!(
        matches!(second, ClaimOutcome::InFlight { .. }),
        "the lease was renewed, and a claim got {second:?}"
    );
}

/// I6 for abandoned operations.
pub async fn another_request_never_takes_over<B: Backend>(t: Trial<B>) {
    t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    let claim = with!(t.ask("k"), fingerprint = print(2), after_crash = AfterCrash::Rerun);
    assert_eq!(t.claim(claim).await, ClaimOutcome::Mismatch, "only the same request may take over");
    assert_eq!(t.present("k").await.state.kind(), StateKind::Running, "the abandoned claim stays as it is");
    assert_eq!(t.won(t.ask("k")).await.attempts, 2, "the same request still may");
}
