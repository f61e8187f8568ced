//! T7 and verdicts: an unknown operation does not run until there is a verdict.

use crate::trial::{answered, reply, reply_in};
use crate::{Backend, Trial};
use idem_core::protocol::{
    AfterCrash, ClaimOutcome, Nonce, Owner, RecordView, StateKind, Verdict, WriteOutcome,
};
use idem_core::store::SweepCount;

async fn give_up<B: Backend>(t: &Trial<B>, key: &str) -> Owner {
    let owner = t.owner_of(key).await;
    assert_eq!(t.mark_unknown(key, owner).await, WriteOutcome::Applied, "an owner may give up");
    owner
}

/// The claim that finds it moves it on, and keeps the owner, whose word still counts.
pub async fn a_lapsed_claim_becomes_unknown_when_claimed<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Unknown).await;
    t.pass_short().await;
    assert_eq!(
        t.claim(t.ask("k")).await,
        ClaimOutcome::Unknown,
        "the record says `unknown`, so it must not run (I10)"
    );
    let record = t.present("k").await;
    assert_eq!(record.state.kind(), StateKind::Unknown, "a claim of an abandoned key moves it on");
    assert_eq!((record.owner, record.attempts), (owner, 1), "fence and nonce stay the owner's");
}

/// I10, past every span that the record ever had.
pub async fn unknown_never_runs_and_never_expires<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Rerun).await;
    assert_eq!(t.mark_unknown("k", owner).await, WriteOutcome::Applied, "an owner may give up");
    let before = t.present("k").await;
    for _ in 0..3 {
        t.pass_short().await;
        assert_eq!(
            t.claim(t.ask("k")).await,
            ClaimOutcome::Unknown,
            "unknown never runs without a verdict (I10)"
        );
        t.reap(usize::MAX).await;
        assert_eq!(
            t.sweep().await,
            SweepCount::default(),
            "unknown is not abandoned: it waits for a verdict"
        );
    }
    t.assert_unchanged("k", &before, "unknown waits").await;
}

/// Records that became unknown by the sweep, by another claim and by their owner's word.
async fn all_unknown<B: Backend>(t: &Trial<B>) -> [(&'static str, Owner); 3] {
    let swept = t.abandon("swept", AfterCrash::Unknown).await;
    let claimed = t.abandon("claimed", AfterCrash::Unknown).await;
    let given_up = give_up(t, "given up").await;
    t.pass_short().await;
    assert_eq!(t.claim(t.ask("claimed")).await, ClaimOutcome::Unknown, "it must not run");
    assert_eq!(t.sweep().await, SweepCount::new(1, 0), "one key is abandoned");
    [("swept", swept), ("claimed", claimed), ("given up", given_up)]
}

/// The owner knows what it did, however late it says so.
pub async fn a_late_completion_is_a_verdict<B: Backend>(t: Trial<B>) {
    for (key, owner) in all_unknown(&t).await {
        let late = t.complete(key, owner, &reply("late")).await;
        assert_eq!(late, WriteOutcome::Applied, "a late completion of an unknown record is a verdict");
        assert_eq!(reply_in(&t.present(key).await).as_bytes(), b"late", "and its reply is the answer");
    }
}

/// Only the owner knows that its handler did nothing, or never began.
pub async fn a_late_release_is_a_verdict<B: Backend>(t: Trial<B>) {
    for (key, owner) in all_unknown(&t).await {
        let stranger = Owner { nonce: Nonce::fresh(), ..owner };
        let before = t.present(key).await;
        let refused = t.release(key, stranger).await;
        assert_eq!(refused, WriteOutcome::Lost(RecordView::Unknown), "the word of its owner alone counts");
        t.assert_unchanged(key, &before, "a release by another owner is refused").await;
        let late = t.release(key, owner).await;
        assert_eq!(late, WriteOutcome::Applied, "a late release of an unknown record is a verdict");
        let released = t.present(key).await;
        assert_eq!(released.state.kind(), StateKind::Released, "the record is released");
        assert_eq!(t.release(key, owner).await, WriteOutcome::Applied, "a repeated release is applied");
        t.assert_unchanged(key, &released, "a repeated release is recognised").await;
        assert_eq!(t.won(t.ask(key)).await.attempts, 2, "and the same request may run");
    }
}

/// What was settled stays settled.
pub async fn a_verdict_comes_before_a_late_release<B: Backend>(t: Trial<B>) {
    let seen = give_up(&t, "k").await;
    let verdict = t.verdict("k", seen, Verdict::Happened(reply("found out")));
    assert_eq!(t.settle(verdict).await, WriteOutcome::Applied, "a verdict ends unknown");
    let before = t.present("k").await;
    let late = t.release("k", seen).await;
    assert_eq!(late, WriteOutcome::Lost(answered(reply("found out"))), "the verdict was faster");
    t.assert_unchanged("k", &before, "a late release is refused").await;
}

/// The next caller was promised that it may run.
pub async fn a_completion_after_a_freeing_sweep_is_refused<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Rerun).await;
    t.pass_short().await;
    assert_eq!(t.sweep().await, SweepCount::new(0, 1), "one key is abandoned");
    let before = t.present("k").await;
    let late = t.complete("k", owner, &reply("late")).await;
    assert_eq!(late, WriteOutcome::Lost(RecordView::Released), "the sweep freed the key");
    t.assert_unchanged("k", &before, "a freed key takes no late completion").await;
    assert_eq!(t.won(t.ask("k")).await.attempts, 2, "and the next caller runs");
}

/// [`Verdict::Happened`].
pub async fn a_verdict_that_it_happened_replays<B: Backend>(t: Trial<B>) {
    let seen = give_up(&t, "k").await;
    let verdict = Verdict::Happened(reply("found out"));
    let settled = t.settle(t.verdict("k", seen, verdict)).await;
    assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
    match t.claim(t.ask("k")).await {
        ClaimOutcome::Replay(replay) => {
            assert_eq!(replay.reply.as_bytes(), b"found out", "the verdict is the answer");
        }
        other => panic!("a settled key replays, and a claim got {other:?}"),
    }
}

/// [`Verdict::DidNotHappen`].
pub async fn a_verdict_that_it_did_not_lets_the_key_run<B: Backend>(t: Trial<B>) {
    let seen = give_up(&t, "k").await;
    let verdict = Verdict::DidNotHappen;
    let settled = t.settle(t.verdict("k", seen, verdict)).await;
    assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
    let late = t.complete("k", seen, &reply("late")).await;
    assert_eq!(late, WriteOutcome::Lost(RecordView::Released), "the verdict came before the owner's word");
    assert_eq!(t.won(t.ask("k")).await.attempts, 2, "the same request may run");
}

/// Not a running, done or released record, and not one that moved on since it was looked at.
pub async fn a_verdict_ends_only_what_it_is_about<B: Backend>(t: Trial<B>) {
    let running = t.owner_of("running").await;
    let unknown = give_up(&t, "unknown").await;
    for verdict in [Verdict::Happened(reply("false")), Verdict::DidNotHappen] {
        let before = (t.present("running").await, t.present("unknown").await);
        let about = |key, seen| t.verdict(key, seen, verdict.clone());
        let seen = t.seen("running", running).await;
        let refused = t.settle(with!(about("running", running), seen)).await;
        assert_eq!(
            refused,
            WriteOutcome::Lost(RecordView::Running),
            "a running key has an owner who will tell"
        );
        let refused = t.settle(about("unknown", running)).await;
        assert_eq!(
            refused,
            WriteOutcome::Lost(RecordView::Unknown),
            "the verdict is about another owner's run"
        );
        let refused = t.settle(about("absent", unknown)).await;
        assert_eq!(refused, WriteOutcome::Lost(RecordView::Absent), "there is nothing to settle");
        t.assert_unchanged("running", &before.0, "the verdict is refused").await;
        t.assert_unchanged("unknown", &before.1, "the verdict is refused").await;
        assert_eq!(t.record("absent").await, None, "a verdict makes no record");
    }
}

/// As if it had never been used, for any request.
pub async fn a_forgotten_key_is_fresh<B: Backend>(t: Trial<B>) {
    let owner = give_up(&t, "k").await;
    let other = t.owner_of("other").await;
    assert_eq!(
        t.forget("k", other).await,
        WriteOutcome::Lost(RecordView::Unknown),
        "the order is about another owner's run"
    );
    assert_eq!(t.forget("k", owner).await, WriteOutcome::Applied, "an unknown record can be forgotten");
    assert_eq!(t.record("k").await, None, "a forgotten record is gone");
    assert_eq!(t.won(t.ask("k")).await.attempts, 1, "a forgotten key begins anew");
}

/// An attempt runs, or died while it ran: the lease and the sweeper deal with that.
pub async fn forgetting_refuses_a_running_key<B: Backend>(t: Trial<B>) {
    let owner = t.abandon("k", AfterCrash::Rerun).await;
    let before = t.present("k").await;
    assert_eq!(t.forget("k", owner).await, WriteOutcome::Lost(RecordView::Running), "a running record stays");
    t.pass_short().await;
    assert_eq!(
        t.forget("k", owner).await,
        WriteOutcome::Lost(RecordView::Running),
        "also when its lease is over"
    );
    t.assert_unchanged("k", &before, "forgetting is refused").await;
}
