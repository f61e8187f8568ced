//! T1, T2b and T10: what a claim gets, and what it writes.

use std::time::Duration;

use crate::trial::{print, reply};
use crate::{Backend, Trial};
use idem_core::fingerprint::Fingerprint;
use idem_core::protocol::{AfterCrash, ClaimOutcome, StateKind, WriteOutcome};

/// T1 on an absent record.
pub async fn a_fresh_key_is_won<B: Backend>(t: Trial<B>) {
    let claim = t.ask("k");
    let won = t.won(claim.clone()).await;
    assert_eq!(won.attempts, 1, "the first claim is the first attempt");
    assert_eq!(won.owner.nonce, claim.nonce, "the owner of a won claim carries the claimant's nonce");

    let record = t.present("k").await;
    assert_eq!(record.state.kind(), StateKind::Running, "a won claim runs");
    assert_eq!((record.owner, record.attempts), (won.owner, 1), "the record is the winner's");
    assert_eq!(record.fingerprint, claim.fingerprint, "the record keeps the fingerprint of the claim");
    assert_eq!(t.record("other").await, None, "a claim makes one record");
}

/// A second claim of a running key writes nothing.
pub async fn a_running_key_is_in_flight<B: Backend>(t: Trial<B>) {
    t.owner_of("k").await;
    let before = t.present("k").await;
    match t.claim(t.ask("k")).await {
        ClaimOutcome::InFlight { lease_left } => {
            assert!(lease_left <= t.long(), "no more of a lease is left than was asked for: {lease_left:?}");
            assert!(lease_left > Duration::ZERO, "a live lease has something left");
            assert!(
                t.backend().now().is_none() || lease_left == t.long(),
                "no time has passed: {lease_left:?}"
            );
        }
        other => panic!("another attempt runs the key, and a claim got {other:?}"),
    }
    t.assert_unchanged("k", &before, "a claim of a running key gets in-flight").await;
}

/// T10.
pub async fn a_done_key_replays<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(
        t.complete("k", owner, &reply("the answer")).await,
        WriteOutcome::Applied,
        "an owner may complete"
    );
    let before = t.present("k").await;
    for _ in 0..3 {
        match t.claim(t.ask("k")).await {
            ClaimOutcome::Replay(replay) => {
                assert_eq!(replay.reply.as_bytes(), b"the answer", "a replay is the stored reply");
                assert!(replay.remaining <= t.long(), "a record lives no longer than its retention");
                assert!(replay.remaining > Duration::ZERO, "an unexpired record has time left");
            }
            other => panic!("a done key replays, and a claim got {other:?}"),
        }
    }
    t.assert_unchanged("k", &before, "a replay reads").await;
}

/// I6, in each state.
pub async fn another_fingerprint_is_a_mismatch<B: Backend>(t: Trial<B>) {
    t.owner_of("running").await;
    let owner = t.owner_of("done").await;
    assert_eq!(
        t.complete("done", owner, &reply("secret")).await,
        WriteOutcome::Applied,
        "an owner may complete"
    );
    let owner = t.owner_of("released").await;
    assert_eq!(t.release("released", owner).await, WriteOutcome::Applied, "an owner may release");
    let owner = t.owner_of("unknown").await;
    assert_eq!(t.mark_unknown("unknown", owner).await, WriteOutcome::Applied, "an owner may give up");

    for key in ["running", "done", "released", "unknown"] {
        let before = t.present(key).await;
        let other = with!(t.ask(key), fingerprint = print(2));
        assert_eq!(t.claim(other).await, ClaimOutcome::Mismatch, "a {key} key was used for another request");
        t.assert_unchanged(key, &before, "a mismatch is refused").await;
    }
}

/// A lapsed lease does not open the key to another request, and does not move it to unknown for one.
pub async fn a_mismatch_is_told_before_anything_else<B: Backend>(t: Trial<B>) {
    t.abandon("rerun", AfterCrash::Rerun).await;
    t.abandon("unknown", AfterCrash::Unknown).await;
    t.pass_short().await;
    for key in ["rerun", "unknown"] {
        let before = t.present(key).await;
        let other = with!(t.ask(key), fingerprint = print(2));
        assert_eq!(
            t.claim(other).await,
            ClaimOutcome::Mismatch,
            "a mismatch is told before the lease is looked at"
        );
        t.assert_unchanged(key, &before, "a mismatch is refused").await;
    }
}

/// Equal digests made in different ways say nothing about each other.
pub async fn the_recipe_is_part_of_the_fingerprint<B: Backend>(t: Trial<B>) {
    let made = |recipe| Fingerprint::from_stored(recipe, [7; 32]).expect("a known recipe");
    t.won(with!(t.ask("k"), fingerprint = made(1))).await;
    let other = with!(t.ask("k"), fingerprint = made(2));
    assert_eq!(
        t.claim(other).await,
        ClaimOutcome::Mismatch,
        "the same digest by another recipe is another request"
    );
    let last_bit = Fingerprint::from_stored(1, {
        let mut d = [7; 32];
        d[31] ^= 1;
        d
    })
    .expect("a known recipe");
    let other = with!(t.ask("k"), fingerprint = last_bit);
    assert_eq!(t.claim(other).await, ClaimOutcome::Mismatch, "all bits of a fingerprint count");
}

/// T1 past the retention: what is expired says nothing about the next request.
pub async fn an_expired_done_key_is_claimed_anew<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    let done = t.complete_for("k", owner, &reply("old"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    t.pass_short().await;
    let won = t.won(with!(t.ask("k"), fingerprint = print(2))).await;
    assert_eq!(won.attempts, 1, "an expired key begins anew");
    assert_eq!(t.present("k").await.fingerprint, print(2), "the new claim brings its own fingerprint");
}

/// As with done records.
pub async fn an_expired_released_key_is_claimed_anew<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    let released = t.release_for("k", owner, t.short()).await;
    assert_eq!(released, WriteOutcome::Applied, "an owner may release");
    t.pass_short().await;
    let won = t.won(with!(t.ask("k"), fingerprint = print(2))).await;
    assert_eq!(won.attempts, 1, "an expired key begins anew");
}

/// T2b, I9.
pub async fn a_released_key_is_claimed_again<B: Backend>(t: Trial<B>) {
    let first = t.owner_of("k").await;
    assert_eq!(t.release("k", first).await, WriteOutcome::Applied, "an owner may release");
    let claim = with!(t.ask("k"), after_crash = AfterCrash::Rerun);
    let won = t.won(claim.clone()).await;
    assert_eq!(won.attempts, 2, "a claim after a release is the next attempt");
    assert_eq!(won.owner.nonce, claim.nonce, "the new owner carries the new nonce");
    let record = t.present("k").await;
    assert_eq!(record.state.kind(), StateKind::Running, "a won claim runs");
    assert_eq!(record.after_crash, AfterCrash::Rerun, "the newest owner says what becomes of its claim");
}

/// Spans saturate at the end of time ([`Timestamp`](idem_core::clock::Timestamp)): they never wrap around into the past.
pub async fn a_span_may_be_without_end<B: Backend>(t: Trial<B>) {
    let owner = t.won(with!(t.ask("k"), lease = Duration::MAX, after_crash = AfterCrash::Rerun)).await.owner;
    let second = t.claim(t.ask("k")).await;
    assert!(
        matches!(second, ClaimOutcome::InFlight { .. }),
        "an endless lease is live, and a claim got {second:?}"
    );
    let done = t.complete_for("k", owner, &reply("kept"), Duration::MAX).await;
    assert_eq!(done, WriteOutcome::Applied, "an endless retention is a retention");
    let third = t.claim(t.ask("k")).await;
    assert!(matches!(third, ClaimOutcome::Replay(_)), "an endless retention has not ended: {third:?}");
}
