//! T9: only what has expired goes.

use std::time::Duration;

use crate::trial::{counting, every_kind, reply, sound};
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, StateKind, WriteOutcome};
use idem_core::store::Store;

async fn done<B: Backend>(t: &Trial<B>, key: &str, retention: Duration) {
    let owner = t.owner_of(key).await;
    let done = t.complete_for(key, owner, &reply("end"), retention).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
}

/// Done and released, past their retention.
pub async fn only_expired_records_go<B: Backend>(t: Trial<B>) {
    for (suffix, retention) in [("live", t.long()), ("over", t.short())] {
        // Before the short ones begin: on a clock that runs, they may be over at any time.
        assert_eq!(t.reap(100).await, 0, "no retention is over");
        done(&t, &format!("done {suffix}"), retention).await;
        let key = format!("released {suffix}");
        let owner = t.owner_of(&key).await;
        assert_eq!(
            t.release_for(&key, owner, retention).await,
            WriteOutcome::Applied,
            "an owner may release"
        );
    }
    let before = [t.present("done live").await, t.present("released live").await];
    t.pass_short().await;
    assert!(t.reap(100).await <= 2, "two retentions are over");
    assert_eq!(t.record("done over").await, None, "an expired done record goes");
    assert_eq!(t.record("released over").await, None, "an expired released record goes");
    t.assert_unchanged("done live", &before[0], "an unexpired record stays").await;
    t.assert_unchanged("released live", &before[1], "an unexpired record stays").await;
    assert_eq!(t.reap(100).await, 0, "what is gone is not counted again");
}

/// Running, lapsed or not, and unknown records stay however old they are.
pub async fn nothing_else_ever_goes<B: Backend>(t: Trial<B>) {
    t.owner_of("running").await;
    t.abandon("rerun", AfterCrash::Rerun).await;
    t.abandon("abandoned", AfterCrash::Unknown).await;
    let owner = t.abandon("unknown", AfterCrash::Rerun).await;
    assert_eq!(t.mark_unknown("unknown", owner).await, WriteOutcome::Applied, "an owner may give up");
    let mut before = Vec::new();
    for key in ["running", "rerun", "abandoned", "unknown"] {
        before.push((key, t.present(key).await));
    }
    for round in 0..3 {
        t.pass_short().await;
        assert_eq!(t.reap(100).await, 0, "nothing here can expire");
        // Some stores drop expired records beside claims.
        t.owner_of(&format!("beside {round}")).await;
    }
    for (key, record) in before {
        t.assert_unchanged(key, &record, "it cannot expire").await;
    }
}

/// Also those whose kind of fingerprint came last.
pub async fn records_of_every_kind_of_fingerprint_go<B: Backend>(t: Trial<B>) {
    let mut keys = Vec::new();
    for fingerprint in every_kind() {
        let key = format!("k{}", keys.len());
        let owner = t.won(with!(t.ask(&key), fingerprint)).await.owner;
        let done = t.complete_for(&key, owner, &reply("end"), t.short()).await;
        assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
        keys.push(key);
    }
    t.pass_short().await;
    t.reap(usize::MAX).await;
    for key in keys {
        assert_eq!(t.record(&key).await, None, "an expired record goes");
    }
}

/// In batches, until none are left.
pub async fn a_limit_is_kept<B: Backend>(t: Trial<B>) {
    for number in 0..7 {
        done(&t, &format!("k{number}"), t.short()).await;
    }
    t.pass_short().await;
    let mut left = sound("a count", t.store().count(counting(StateKind::Done)).await);
    assert_eq!(t.reap(0).await, 0, "none are to go");
    loop {
        let reaped = t.reap(3).await;
        assert!(reaped <= 3, "no more than the limit go in one call: {reaped}");
        let now_left = sound("a count", t.store().count(counting(StateKind::Done)).await);
        assert!(
            left - now_left <= 3,
            "no more than the limit go in one call: {left} were there, {now_left} are"
        );
        if reaped == 0 {
            break;
        }
        assert!(now_left < left, "what is counted is gone");
        left = now_left;
    }
    assert_eq!(left, 0, "a call that reaps nothing leaves nothing expired behind");
}

/// A limit may be larger than any database's integer.
pub async fn a_big_limit_takes_all<B: Backend>(t: Trial<B>) {
    for number in 0..70 {
        done(&t, &format!("k{number}"), t.short()).await;
    }
    done(&t, "live", t.long()).await;
    t.pass_short().await;
    assert!(t.reap(usize::MAX).await <= 70, "seventy retentions are over");
    assert_eq!(
        sound("a count", t.store().count(counting(StateKind::Done)).await),
        1,
        "one record has not expired"
    );
}
