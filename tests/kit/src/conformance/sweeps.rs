//! L1: abandoned records move on, each as its owner asked.

use std::time::Duration;

use crate::trial::{counting, every_kind, namespace, reply, sound};
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, ClaimOutcome, State, StateKind, WriteOutcome};
use idem_core::store::{Store, Sweep, SweepCount};

/// Unknown stays unknown, `rerun` is freed; fence, nonce and attempts stay.
pub async fn a_sweep_obeys_the_crash_policy<B: Backend>(t: Trial<B>) {
    let unknown = t.abandon("unknown", AfterCrash::Unknown).await;
    let rerun = t.abandon("rerun", AfterCrash::Rerun).await;
    t.pass_short().await;
    assert_eq!(t.sweep().await, SweepCount::new(1, 1), "two keys are abandoned");
    let (one, two) = (t.present("unknown").await, t.present("rerun").await);
    assert_eq!(
        (one.state.kind(), one.owner, one.attempts),
        (StateKind::Unknown, unknown, 1),
        "kept for a verdict"
    );
    assert_eq!(
        (two.state.kind(), two.owner, two.attempts),
        (StateKind::Released, rerun, 1),
        "freed for the next"
    );
    assert_eq!(
        t.claim(t.ask("unknown")).await,
        ClaimOutcome::Unknown,
        "unknown never runs without a verdict (I10)"
    );
    assert_eq!(t.won(t.ask("rerun")).await.attempts, 2, "a freed key runs again");
    assert_eq!(t.sweep().await, SweepCount::default(), "nothing is left to sweep");
}

/// Live, done and released records are not swept.
pub async fn a_sweep_leaves_all_else_alone<B: Backend>(t: Trial<B>) {
    t.owner_of("live").await;
    let owner = t.abandon("done", AfterCrash::Rerun).await;
    assert_eq!(
        t.complete("done", owner, &reply("end")).await,
        WriteOutcome::Applied,
        "an owner may complete"
    );
    let owner = t.abandon("released", AfterCrash::Unknown).await;
    assert_eq!(t.release("released", owner).await, WriteOutcome::Applied, "an owner may release");
    let mut before = Vec::new();
    for key in ["live", "done", "released"] {
        before.push((key, t.present(key).await));
    }
    t.pass_short().await;
    assert_eq!(t.sweep().await, SweepCount::default(), "nothing is abandoned");
    for (key, record) in before {
        t.assert_unchanged(key, &record, "it is not abandoned").await;
    }
}

/// The sweeper gives owners longer than callers do.
pub async fn a_sweep_waits_for_the_grace<B: Backend>(t: Trial<B>) {
    t.abandon("k", AfterCrash::Rerun).await;
    let before = t.present("k").await;
    t.pass_short().await;
    let sweep = |grace| Sweep::new(namespace(), grace, t.long(), usize::MAX);
    for grace in [t.long(), Duration::MAX] {
        let count = sound("a sweep", t.store().sweep(sweep(grace)).await);
        assert_eq!(count, SweepCount::default(), "the grace is not over");
        t.assert_unchanged("k", &before, "the grace is not over").await;
    }
    let count = sound("a sweep", t.store().sweep(sweep(Duration::ZERO)).await);
    assert_eq!(count, SweepCount::new(0, 1), "without grace it is abandoned");
}

/// And gets on with each call.
pub async fn a_sweep_keeps_to_its_limit<B: Backend>(t: Trial<B>) {
    for number in 0..7 {
        let policy = if number % 2 == 0 { AfterCrash::Rerun } else { AfterCrash::Unknown };
        t.abandon(&format!("k{number}"), policy).await;
    }
    t.pass_short().await;
    let mut total = SweepCount::default();
    let nothing = Sweep::new(namespace(), Duration::ZERO, t.long(), 0);
    assert_eq!(sound("a sweep", t.store().sweep(nothing.clone()).await), total, "none are to be moved");
    for left in [7, 4, 1, 0] {
        let sweep = with!(nothing.clone(), limit = 3);
        let count = sound("a sweep", t.store().sweep(sweep).await);
        assert_eq!(count.unknown + count.released, 3.min(left), "three at most, and all that wait");
        total.unknown += count.unknown;
        total.released += count.released;
        let running = sound("a count", t.store().count(counting(StateKind::Running)).await);
        assert_eq!(running, left.saturating_sub(3) as u64, "what was counted was moved, and nothing else");
    }
    assert_eq!(total, SweepCount::new(3, 4), "each was moved once");
}

/// Also those whose kind of fingerprint came last.
pub async fn records_of_every_kind_of_fingerprint_move_on<B: Backend>(t: Trial<B>) {
    let mut claimed = 0;
    for fingerprint in every_kind() {
        let key = format!("k{claimed}");
        t.won(with!(t.ask_briefly(&key, AfterCrash::Rerun), fingerprint)).await;
        claimed += 1;
    }
    t.pass_short().await;
    assert_eq!(t.sweep().await, SweepCount::new(0, claimed), "each is abandoned");
}

/// One retention after the sweep.
pub async fn a_swept_record_expires_later<B: Backend>(t: Trial<B>) {
    let soon = with!(t.ask_briefly("soon", AfterCrash::Rerun), terms = t.terms(t.short()));
    t.won(soon).await;
    t.pass_short().await;
    assert_eq!(t.sweep().await.released, 1, "one key is abandoned");
    t.abandon("late", AfterCrash::Rerun).await;
    t.pass_short().await;
    assert_eq!(t.sweep().await.released, 1, "one more key is abandoned");
    t.reap(usize::MAX).await;
    assert_eq!(t.record("soon").await, None, "a freed record expires");
    match (t.present("late").await.state, t.backend().now()) {
        (State::Released { expires }, Some(now)) => {
            assert_eq!(expires, now + t.long(), "counted from the sweep");
        }
        (State::Released { .. }, None) => {}
        (other, _) => panic!("a freed record is released, and is {other:?}"),
    }
}
