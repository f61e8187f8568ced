//! Lost replies: every operation can be repeated unchanged, and then says what it did and does nothing twice.

use std::time::Duration;

use crate::trial::{answered, reply, reply_in};
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, ClaimOutcome, RecordView, RenewOutcome, Verdict, Won, WriteOutcome};

/// Recognised by its nonce.
pub async fn a_claim<B: Backend>(t: Trial<B>) {
    let claim = t.ask("k");
    let first = t.won(claim.clone()).await;
    let before = t.present("k").await;
    assert_eq!(t.won(claim).await, first, "a repeated claim is the same win: no new fence, no new attempt");
    t.assert_unchanged("k", &before, "a repeated claim is recognised").await;
}

/// The lease does not matter to who asks again with the winner's nonce.
pub async fn a_claim_whose_lease_is_over<B: Backend>(t: Trial<B>) {
    for (key, after_crash) in [("rerun", AfterCrash::Rerun), ("unknown", AfterCrash::Unknown)] {
        let claim = t.ask_briefly(key, after_crash);
        let first = t.won(claim.clone()).await;
        t.pass_short().await;
        assert_eq!(
            t.won(claim).await,
            first,
            "no other claim came in between, so the claim is still won ({key})"
        );
    }
}

/// T2a.
pub async fn a_take_over<B: Backend>(t: Trial<B>) {
    t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    let claim = t.ask("k");
    let first = t.won(claim.clone()).await;
    let again = t.won(claim).await;
    // Whether it was a take-over is told once: `watched` has the rule.
    let win = |won: Won| (won.owner, won.attempts);
    assert_eq!(win(again), win(first), "a repeated take-over is the same win");
}

/// T2b.
pub async fn a_claim_after_a_release<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    let claim = t.ask("k");
    let first = t.won(claim.clone()).await;
    assert_eq!(t.won(claim).await, first, "a repeated claim of a released key is the same win");
}

/// The claim's nonce is not the record's any more.
pub async fn a_claim_that_was_taken_over_is_not_won_again<B: Backend>(t: Trial<B>) {
    let claim = t.ask_briefly("k", AfterCrash::Rerun);
    t.won(claim.clone()).await;
    t.pass_short().await;
    t.owner_of("k").await;
    let again = t.claim(claim).await;
    assert!(
        matches!(again, ClaimOutcome::InFlight { .. }),
        "the claim was taken over, and a repeat got {again:?}"
    );
}

/// A winner that repeats its claim after it completed gets its answer, not another run.
pub async fn a_claim_that_was_completed_replays<B: Backend>(t: Trial<B>) {
    let claim = t.ask("k");
    let owner = t.won(claim.clone()).await.owner;
    assert_eq!(t.complete("k", owner, &reply("once")).await, WriteOutcome::Applied, "an owner may complete");
    let again = t.claim(claim).await;
    assert!(
        matches!(again, ClaimOutcome::Replay(_)),
        "a done key replays, to its owner too, who got {again:?}"
    );
}

/// A copy of the claim that arrives after its release holds the key for no caller, so it writes nothing.
pub async fn a_claim_that_was_released_is_not_won_again<B: Backend>(t: Trial<B>) {
    let claim = t.ask("k");
    let owner = t.won(claim.clone()).await.owner;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    let before = t.present("k").await;
    let copy = t.claim(claim.clone()).await;
    let spent = ClaimOutcome::InFlight { lease_left: Duration::ZERO };
    assert_eq!(copy, spent, "a released nonce is spent");
    t.assert_unchanged("k", &before, "a copy of a released claim is recognised").await;

    let next = t.won(t.ask("k")).await;
    assert_eq!(next.attempts, 2, "a fresh nonce runs");
    let copy = t.claim(claim).await;
    assert!(matches!(copy, ClaimOutcome::InFlight { .. }), "another claim holds the key: {copy:?}");
    assert_eq!(t.present("k").await.owner, next.owner, "and the copy took nothing");
}

/// The same past the retention, unless the store dropped the record when it expired.
pub async fn a_claim_that_outlives_its_record_is_not_won_again<B: Backend>(t: Trial<B>) {
    for key in ["released", "done"] {
        let claim = t.ask(key);
        let owner = t.won(claim.clone()).await.owner;
        let ended = match key {
            "released" => t.release_for(key, owner, t.short()).await,
            _ => t.complete_for(key, owner, &reply("once"), t.short()).await,
        };
        assert_eq!(ended, WriteOutcome::Applied, "an owner may end its claim ({key})");
        t.pass_short().await;
        let Some(before) = t.record(key).await else { continue };
        let copy = t.claim(claim).await;
        match &copy {
            ClaimOutcome::InFlight { lease_left } if key == "released" => {
                assert_eq!(*lease_left, Duration::ZERO, "the nonce is spent");
            }
            ClaimOutcome::Replay(replay) if key == "done" => {
                assert_eq!(replay.reply.as_bytes(), b"once", "the answer of this very claim");
                assert_eq!(replay.remaining, Duration::ZERO, "which must not be kept any longer");
            }
            other => panic!("a copy of an ended claim writes nothing ({key}), and got {other:?}"),
        }
        // Some stores drop expired records beside claims.
        if let Some(after) = t.record(key).await {
            assert_eq!(after, before, "a copy of an ended claim is recognised ({key})");
        }
        assert_eq!(t.won(t.ask(key)).await.attempts, 1, "for a fresh nonce the key begins anew ({key})");
    }
}

/// T5: applied again, stored once; neither reply nor expiry moves.
pub async fn a_completion<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.complete("k", owner, &reply("once")).await, WriteOutcome::Applied, "an owner may complete");
    let before = t.present("k").await;
    t.pass_short().await;
    let again = t.complete("k", owner, &reply("once")).await;
    assert_eq!(again, WriteOutcome::Applied, "a repeated completion is applied");
    t.assert_unchanged("k", &before, "a repeated completion is recognised").await;

    let other = t.complete("k", owner, &reply("another")).await;
    let told = matches!(other, WriteOutcome::Applied | WriteOutcome::Lost(RecordView::Done { .. }));
    assert!(told, "the operation is done, and its owner's second completion changes nothing: {other:?}");
    let kept = t.present("k").await;
    assert_eq!(reply_in(&kept).as_bytes(), b"once", "the first completion is the answer for ever (I2)");
    assert_eq!(kept, before, "and what comes later writes nothing");
}

/// T6.
pub async fn a_release<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    let before = t.present("k").await;
    t.pass_short().await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "a repeated release is applied");
    t.assert_unchanged("k", &before, "a repeated release is recognised").await;
}

/// T7.
pub async fn a_mark_as_unknown<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.mark_unknown("k", owner).await, WriteOutcome::Applied, "an owner may give up");
    let before = t.present("k").await;
    assert_eq!(t.mark_unknown("k", owner).await, WriteOutcome::Applied, "giving up twice is giving up");
    t.assert_unchanged("k", &before, "a repeated mark as unknown is recognised").await;
}

/// The same verdict twice is one; another verdict about a settled record is refused.
pub async fn a_settlement<B: Backend>(t: Trial<B>) {
    let verdicts = [("yes", Verdict::Happened(reply("found"))), ("no", Verdict::DidNotHappen)];
    for (key, verdict) in verdicts {
        let seen = t.owner_of(key).await;
        assert_eq!(t.mark_unknown(key, seen).await, WriteOutcome::Applied, "an owner may give up");
        let settlement = t.verdict(key, seen, verdict);
        assert_eq!(t.settle(settlement.clone()).await, WriteOutcome::Applied, "a verdict ends unknown");
        let before = t.present(key).await;
        t.pass_short().await;
        assert_eq!(
            t.settle(settlement.clone()).await,
            WriteOutcome::Applied,
            "the same verdict again is applied"
        );
        t.assert_unchanged(key, &before, "a repeated verdict is recognised").await;

        let (other, current) = match settlement.verdict {
            Verdict::Happened(reply) => (Verdict::DidNotHappen, answered(reply)),
            Verdict::DidNotHappen => (Verdict::Happened(reply("found")), RecordView::Released),
        };
        let contrary = t.settle(t.verdict(key, seen, other)).await;
        assert_eq!(contrary, WriteOutcome::Lost(current), "a settled record takes no other verdict");
        t.assert_unchanged(key, &before, "the other verdict is refused").await;
    }
    let seen = t.present("yes").await.owner;
    let verdict = Verdict::Happened(reply("other"));
    let other = t.settle(t.verdict("yes", seen, verdict)).await;
    assert_eq!(other, WriteOutcome::Lost(answered(reply("found"))), "another answer is another verdict");
}

/// What is gone is forgotten.
pub async fn a_forgetting<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.mark_unknown("k", owner).await, WriteOutcome::Applied, "an owner may give up");
    assert_eq!(t.forget("k", owner).await, WriteOutcome::Applied, "an unknown record can be forgotten");
    assert_eq!(t.record("k").await, None, "a forgotten record is gone");
    assert_eq!(t.forget("k", owner).await, WriteOutcome::Applied, "forgetting twice is forgetting");
    assert_eq!(t.forget("never used", owner).await, WriteOutcome::Applied, "there is nothing to forget");
}

/// A repeat that comes late finds another operation, and leaves it alone.
pub async fn a_forgetting_after_which_the_key_was_used<B: Backend>(t: Trial<B>) {
    let seen = t.owner_of("k").await;
    assert_eq!(t.release("k", seen).await, WriteOutcome::Applied, "an owner may release");
    assert_eq!(t.forget("k", seen).await, WriteOutcome::Applied, "a released record can be forgotten");
    let owner = t.owner_of("k").await;
    assert_eq!(t.complete("k", owner, &reply("new")).await, WriteOutcome::Applied, "an owner may complete");
    let late = t.forget("k", seen).await;
    assert_eq!(late, WriteOutcome::Lost(answered(reply("new"))), "the record is not the one that was meant");
    assert!(t.record("k").await.is_some(), "a late repeat drops nothing");
}

/// T3.
pub async fn a_renewal<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    for _ in 0..3 {
        assert_eq!(
            t.renew("k", owner, t.long()).await,
            RenewOutcome::Renewed,
            "an owner may renew as often as it likes"
        );
    }
    assert_eq!(t.present("k").await.owner, owner, "a renewal changes no owner");
}
