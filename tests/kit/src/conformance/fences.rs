//! I3: the fence of a key rises with every claim that is won anew, so that a resource can refuse the older of two.

use crate::trial::reply;
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, Fence, Owner, RecordView, RenewOutcome, WriteOutcome};

fn assert_risen(before: Fence, after: Fence, when: &str) {
    assert!(after > before, "the fence must rise {when}: it was {before:?} and is {after:?}");
}

/// T2b, many times in the same instant.
pub async fn rise_with_every_claim<B: Backend>(t: Trial<B>) {
    let mut owner = t.owner_of("k").await;
    for attempts in 2..20 {
        assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
        let won = t.won(t.ask("k")).await;
        assert_risen(owner.fence, won.owner.fence, "with a claim after a release");
        assert_eq!(won.attempts, attempts, "each claim after a release is one more attempt");
        assert_eq!(t.present("k").await.owner, won.owner, "the store keeps the fence that it gave");
        owner = won.owner;
    }
}

/// T2a.
pub async fn rise_with_every_take_over<B: Backend>(t: Trial<B>) {
    let mut owner = t.abandon("k", AfterCrash::Rerun).await;
    for attempts in 2..5 {
        t.pass_short().await;
        let won = t.won(t.ask_briefly("k", AfterCrash::Rerun)).await;
        assert_risen(owner.fence, won.owner.fence, "with a take-over");
        assert_eq!(won.attempts, attempts, "each take-over is one more attempt");
        owner = won.owner;
    }
}

/// T1 on what is expired and still there.
pub async fn rise_past_expiry<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("done").await;
    let done = t.complete_for("done", owner, &reply("old"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    let first = t.owner_of("released").await;
    let released = t.release_for("released", first, t.short()).await;
    assert_eq!(released, WriteOutcome::Applied, "an owner may release");
    t.pass_short().await;
    assert_risen(owner.fence, t.owner_of("done").await.fence, "when a done record expired");
    assert_risen(first.fence, t.owner_of("released").await.fence, "when a released record expired");
}

/// T1 on what is gone: the fence is the store's clock, not a count that begins again.
pub async fn rise_past_reaping<B: Backend>(t: Trial<B>) {
    let mut owner = t.owner_of("k").await;
    for _ in 0..5 {
        assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
        owner = t.owner_of("k").await;
    }
    let done = t.complete_for("k", owner, &reply("old"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    t.pass_short().await;
    t.reap(usize::MAX).await;
    assert_eq!(t.record("k").await, None, "an expired record can be reaped");
    assert_risen(owner.fence, t.owner_of("k").await.fence, "across reaping");
}

/// As with reaping, once time has passed.
pub async fn rise_past_forgetting<B: Backend>(t: Trial<B>) {
    let owner = t.owner_of("k").await;
    assert_eq!(t.release("k", owner).await, WriteOutcome::Applied, "an owner may release");
    assert_eq!(t.forget("k", owner).await, WriteOutcome::Applied, "a released record can be forgotten");
    t.pass_short().await;
    assert_risen(owner.fence, t.owner_of("k").await.fence, "across forgetting");
}

/// Fence and nonce of one key open no other.
pub async fn are_bound_to_their_address<B: Backend>(t: Trial<B>) {
    let one = t.owner_of("one").await;
    let two = t.owner_of("two").await;
    let before = t.present("two").await;
    let foreign = t.complete("two", one, &reply("foreign")).await;
    assert_eq!(foreign, WriteOutcome::Lost(RecordView::Running), "another key's owner writes nothing here");
    let mixed = Owner { fence: one.fence, nonce: two.nonce };
    // On a clock that stands still both keys have the same fence, and this is then the owner itself.
    if mixed != two {
        assert_eq!(
            t.renew("two", mixed, t.long()).await,
            RenewOutcome::Lost,
            "fence and nonce belong together"
        );
    }
    t.assert_unchanged("two", &before, "another key's owner is refused").await;
    let absent = t.complete("three", one, &reply("foreign")).await;
    assert_eq!(absent, WriteOutcome::Lost(RecordView::Absent), "no write makes a record where there is none");
    assert_eq!(t.record("three").await, None, "no write makes a record where there is none");
}
