//! What a handler says about its record is kept, and counts for every process that ends it.

use std::time::Duration;

use crate::trial::{address, namespace, reply, sound};
use crate::{Backend, Trial};
use idem_core::protocol::{AfterCrash, Record, State, StateKind, Terms, Verdict, WriteOutcome};
use idem_core::store::{Free, Page, Store, Sweep};

/// Through every state, and in a list too.
pub async fn survive_every_transition<B: Backend>(t: Trial<B>) {
    let claim = t.ask("k");
    let owner = t.won(claim.clone()).await.owner;
    let mut seen = vec![t.present("k").await];
    assert_eq!(t.mark_unknown("k", owner).await, WriteOutcome::Applied, "an owner may give up");
    seen.push(t.present("k").await);
    assert_eq!(
        t.complete("k", owner, &reply("end")).await,
        WriteOutcome::Applied,
        "a late completion counts"
    );
    seen.push(t.present("k").await);
    let released = t.owner_of("released").await;
    assert_eq!(t.release("released", released).await, WriteOutcome::Applied, "an owner may release");
    seen.push(t.present("released").await);
    for state in [StateKind::Done, StateKind::Released] {
        let page = Page::new(namespace(), state, None, 100);
        seen.extend(sound("a list", t.store().list(page).await).into_iter().map(|entry| entry.record));
    }
    assert_eq!(seen.len(), 6, "one record is done and one is released");
    for record in seen {
        assert_eq!(
            record.terms.as_ref(),
            Some(&claim.terms),
            "a record keeps what its handler said: {record:?}"
        );
    }
}

/// After a take-over, after a release, and after an expiry.
pub async fn are_those_of_the_newest_claim<B: Backend>(t: Trial<B>) {
    let of =
        |days: u64| Terms::new(t.long() * u32::try_from(days).unwrap_or(1), t.long(), &format!("n{days}"));
    t.won(with!(t.ask_briefly("k", AfterCrash::Rerun), terms = of(1))).await;
    t.pass_short().await;
    let taken = t.won(with!(t.ask("k"), terms = of(2), after_crash = AfterCrash::Rerun)).await;
    assert_eq!(t.present("k").await.terms, Some(of(2)), "the newest claim's terms count after a take-over");
    assert_eq!(
        t.release_for("k", taken.owner, t.long()).await,
        WriteOutcome::Applied,
        "an owner may release"
    );
    let again = t.won(with!(t.ask("k"), terms = of(3))).await;
    assert_eq!(t.present("k").await.terms, Some(of(3)), "and after a release");
    let done = t.complete_for("k", again.owner, &reply("end"), t.short()).await;
    assert_eq!(done, WriteOutcome::Applied, "an owner may complete");
    t.pass_short().await;
    t.won(with!(t.ask("k"), terms = of(4))).await;
    assert_eq!(t.present("k").await.terms, Some(of(4)), "and after an expiry");
}

/// Another process sweeps it, whose handlers keep records for another time.
pub async fn say_how_long_a_swept_record_lives<B: Backend>(t: Trial<B>) {
    let (short, long) = (t.short(), t.long());
    for (key, own, sweepers) in [("short", short, long), ("long", long, Duration::ZERO)] {
        t.won(with!(t.ask_briefly(key, AfterCrash::Rerun), terms = t.terms(own))).await;
        t.pass_short().await;
        let sweep = Sweep::new(namespace(), Duration::ZERO, sweepers, usize::MAX);
        assert_eq!(sound("a sweep", t.store().sweep(sweep).await).released, 1, "one key is abandoned");
        if own == long {
            lives_for(&t, &t.present(key).await, own);
        }
    }
    t.pass_short().await;
    t.reap(usize::MAX).await;
    assert_eq!(t.record("short").await, None, "its retention is over");
    t.present("long").await;
}

/// By a verdict.
pub async fn say_how_long_a_settled_record_lives<B: Backend>(t: Trial<B>) {
    let (short, long) = (t.short(), t.long());
    for (name, verdict) in [("yes", Verdict::Happened(reply("end"))), ("no", Verdict::DidNotHappen)] {
        for (own, settlers) in [(short, long), (long, Duration::ZERO)] {
            let key = format!("{name} {}", own == short);
            let owner = t.won(with!(t.ask(&key), terms = t.terms(own))).await.owner;
            assert_eq!(t.mark_unknown(&key, owner).await, WriteOutcome::Applied, "an owner may give up");
            let settlement = t.verdict(&key, owner, verdict.clone());
            let settled = t.settle(with!(settlement, retention = settlers)).await;
            assert_eq!(settled, WriteOutcome::Applied, "a verdict ends unknown");
            if own == long {
                lives_for(&t, &t.present(&key).await, own);
            }
        }
    }
    t.pass_short().await;
    t.reap(usize::MAX).await;
    for name in ["yes", "no"] {
        assert_eq!(t.record(&format!("{name} true")).await, None, "its retention is over");
        t.present(&format!("{name} false")).await;
    }
}

/// By an order to run it again.
pub async fn say_how_long_a_freed_record_lives<B: Backend>(t: Trial<B>) {
    let (short, long) = (t.short(), t.long());
    for (key, own, orderers) in [("short", short, long), ("long", long, Duration::ZERO)] {
        t.won(with!(t.ask(key), terms = t.terms(own))).await;
        let seen = idem_core::protocol::Seen::of(&t.present(key).await);
        let order = idem_core::protocol::Order::by("ada");
        let freeing = Free::new(namespace(), address(key), seen, order, orderers);
        assert_eq!(t.free(freeing).await, WriteOutcome::Applied, "an operator may free a running key");
        if own == long {
            lives_for(&t, &t.present(key).await, own);
        }
    }
    t.pass_short().await;
    t.reap(usize::MAX).await;
    assert_eq!(t.record("short").await, None, "its retention is over");
    t.present("long").await;
}

fn lives_for<B: Backend>(t: &Trial<B>, record: &Record, retention: Duration) {
    let (State::Done { expires, .. } | State::Released { expires }) = record.state else {
        panic!("it has ended, and is {:?}", record.state);
    };
    if let Some(now) = t.backend().now() {
        assert_eq!(expires, now + retention, "it lives for its handler's retention");
    }
}

/// Namespaces are any text, and spans may be without end.
pub async fn come_back_as_they_were<B: Backend>(t: Trial<B>) {
    let long = "namespace ".repeat(20);
    let odd =
        ["", "shop", "a shop, with spaces", "'; drop table idem; --", "日本/\u{1f980}", "a\nb\0c", &long];
    for (number, namespace) in odd.into_iter().enumerate() {
        let retention = if number == 0 { Duration::MAX } else { t.long() + Duration::from_micros(7) };
        let terms = Terms::new(retention, Duration::from_micros(1), namespace);
        let key = format!("key {number}");
        t.won(with!(t.ask(&key), terms = terms.clone())).await;
        assert_eq!(t.present(&key).await.terms, Some(terms), "terms come back as they were");
    }
}
