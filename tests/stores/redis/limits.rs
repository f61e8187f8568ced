//! Memory, expiry, formats.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use idem_core::Reply;
use idem_core::protocol::{ClaimOutcome, RenewOutcome, State, StateKind, Terms, WriteOutcome};
use idem_core::store::{
    Batch, MarkUnknown, Page, Release, Renewal, Store, StoreError, StoreErrorKind, Sweep,
};
use idem_testing::servers::{Redis, require};

use super::support::{Records, Said};
use crate::support::*;

#[tokio::test]
async fn only_done_and_released_records_expire() {
    let Some(records) = Records::server() else { return };
    let (store, mut shell) = (records.open().await, records.shell());
    let mut left = |key: &str| shell.ask("PTTL", &records.key(address(key))).int();
    let owner = win(&store, "k").await;
    assert_eq!(left("k"), -1, "a running record stays");
    let (renewals, _) = Batch::new(vec![Renewal::new(address("k"), owner, LEASE)]);
    assert_eq!(store.renew(renewals).await.pop().unwrap().unwrap(), RenewOutcome::Renewed);
    assert_eq!(left("k"), -1, "a renewed record stays");
    assert_eq!(store.release(release("k", owner)).await.unwrap(), WriteOutcome::Applied);
    assert!(left("k") > 3_000_000, "a released record goes");
    let owner = win(&store, "k").await;
    assert_eq!(left("k"), -1, "claimed again, it stays");
    let mark = MarkUnknown::new(address("k"), owner);
    assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(left("k"), -1, "an unknown record stays");
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
    assert!(left("k") > 3_000_000, "a done record goes");

    let lapsed = with(claim("swept"), |it| {
        it.lease = Duration::ZERO;
        it.after_crash = idem_core::AfterCrash::Rerun;
    });
    owner_in(store.claim(lapsed).await);
    let sweep = Sweep::new(namespace(), Duration::ZERO, RETENTION, 9);
    assert_eq!(store.sweep(sweep).await.unwrap().released, 1);
    assert!(left("swept") > 3_000_000, "a swept record goes");
}

#[tokio::test]
async fn a_record_outlives_its_expiry_and_not_by_much() {
    let Some(records) = Records::server() else { return };
    let (store, mut shell) = (records.open().await, records.shell());
    complete(&store, "k").await;
    let Some(record) = store.look_up(address("k")).await.unwrap() else { panic!("it is there") };
    let State::Done { expires, .. } = record.state else { panic!("it is done") };
    let kept = shell.ask("PEXPIRETIME", &records.key(address("k"))).int().unsigned_abs() * 1000;
    assert!((expires.as_micros()..expires.as_micros() + 1000).contains(&kept), "{kept} for {expires:?}");
}

#[tokio::test]
async fn a_span_without_end_is_no_error() {
    let Some(records) = Records::server() else { return };
    let (store, mut shell) = (records.open().await, records.shell());
    let terms = Terms::new(Duration::MAX, Duration::MAX, "shop");
    let endless = |key: &str| {
        with(claim(key), |it| {
            it.lease = Duration::MAX;
            it.terms = terms.clone();
        })
    };
    for key in ["done", "released", "settled"] {
        let owner = owner_in(store.claim(endless(key)).await);
        let retention = Duration::MAX;
        let written = match key {
            "done" => store.complete(with(completion(key, owner), |it| it.retention = retention)).await,
            "released" => store.release(Release::new(address(key), owner, retention)).await,
            _ => {
                let mark = MarkUnknown::new(address(key), owner);
                assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
                let verdict = idem_core::protocol::Verdict::DidNotHappen;
                let settled = with(settlement(key, owner, verdict), |it| it.retention = retention);
                store.settle(settled).await
            }
        };
        assert_eq!(written.unwrap(), WriteOutcome::Applied, "{key}");
        assert!(shell.ask("PTTL", &records.key(address(key))).int() > 1_000_000_000_000, "{key}");
    }
    // To be claimed again, they must be what the store itself would write.
    for key in ["released", "settled"] {
        let owner = owner_in(store.claim(endless(key)).await);
        let busy = store.claim(claim(key)).await.unwrap();
        assert!(matches!(busy, ClaimOutcome::InFlight { .. }), "{key}: {busy:?}");
        assert_eq!(store.release(release(key, owner)).await.unwrap(), WriteOutcome::Applied);
    }
    let sweep = Sweep::new(namespace(), Duration::MAX, Duration::MAX, usize::MAX);
    assert_eq!(store.sweep(sweep).await.unwrap(), idem_core::store::SweepCount::default());
}

#[tokio::test]
async fn a_record_with_a_line_has_a_format_of_its_own_and_one_without_the_old_one() {
    let Some(records) = Records::server() else { return };
    let (store, mut shell) = (records.open().await, records.shell());
    let owner = owner_in(store.claim(claim("k")).await);
    let key = records.key(address("k"));
    assert_eq!(
        store.mark_unknown(MarkUnknown::new(address("k"), owner)).await.unwrap(),
        WriteOutcome::Applied
    );
    let first = |said: Said| match said {
        Said::Text(bytes) => bytes[0],
        other => panic!("{other:?}"),
    };
    assert_eq!(first(shell.ask("GET", &key)), 1);
    let verdict = settlement("k", owner, idem_core::protocol::Verdict::DidNotHappen);
    assert_eq!(store.settle(verdict).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(first(shell.ask("GET", &key)), 2);
    let owner = owner_in(store.claim(claim("k")).await);
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(first(shell.ask("GET", &key)), 2);
}

#[tokio::test]
async fn an_unknown_format_is_left_alone() {
    let Some(records) = Records::server() else { return };
    let (store, mut shell) = (records.open().await, records.shell());
    let lapsed = with(claim("k"), |it| it.lease = Duration::ZERO);
    let owner = owner_in(store.claim(lapsed.clone()).await);
    let key = records.key(address("k"));
    // As a newer version would write it, everything else being the owner's.
    shell.run(&[&b"SETRANGE"[..], &key, b"0", b"\x03"]);
    let newer = shell.ask("GET", &key);

    let unknown = StoreErrorKind::UnknownFormat;
    assert_eq!(kind(store.claim(lapsed).await), unknown);
    assert_eq!(kind(store.complete(completion("k", owner)).await), unknown);
    assert_eq!(kind(store.release(release("k", owner)).await), unknown);
    assert_eq!(kind(store.mark_unknown(MarkUnknown::new(address("k"), owner)).await), unknown);
    assert_eq!(kind(store.look_up(address("k")).await), unknown);
    let (renewals, _) = Batch::new(vec![Renewal::new(address("k"), owner, LEASE)]);
    assert_eq!(kind(store.renew(renewals).await.pop().unwrap()), unknown);
    let forgetting = idem_core::store::Forget::new(namespace(), address("k"), seen_unknown(owner));
    assert_eq!(kind(store.forget(forgetting).await), unknown);
    let sweep = Sweep::new(namespace(), Duration::ZERO, RETENTION, 1);
    assert_eq!(store.sweep(sweep.clone()).await.unwrap().unknown, 0);
    assert_eq!(shell.ask("GET", &key), newer, "nothing was changed");

    // Nor does it keep others in its bucket from being swept, with any limit.
    let index = records.index(address("k"));
    let mut beside = *address("k").as_bytes();
    beside[31] ^= 1;
    let beside = with(claim("k"), |it| {
        it.address = idem_core::Address::from_bytes(beside);
        it.lease = Duration::ZERO;
    });
    owner_in(store.claim(beside).await);
    assert_eq!(shell.ask("ZCARD", &index).int(), 2);
    assert_eq!(store.sweep(sweep).await.unwrap().unknown, 1);
    assert_eq!(shell.ask("GET", &key), newer, "nothing was changed");
}

#[tokio::test]
async fn a_foreign_value_is_left_alone() {
    let Some(records) = Records::server() else { return };
    let (store, mut shell) = (records.open().await, records.shell());
    let key = records.key(address("taken"));
    shell.run(&[&b"LPUSH"[..], &key, b"mine"]);
    // In one batch with a sound one, which it must not harm.
    let (batch, _) = Batch::new(vec![claim("taken"), claim("sound")]);
    let taken = batch.iter().position(|claim| claim.address == address("taken")).unwrap();
    for (at, answer) in store.claim_batch(batch).await.into_iter().enumerate() {
        if at == taken {
            assert_eq!(kind(answer), StoreErrorKind::Misconfigured);
        } else {
            owner_in(answer);
        }
    }
    assert_eq!(shell.ask("LLEN", &key).int(), 1);
}

/// Redis hangs up on a client that announces more than it takes, and whether the client hears why is a matter of chance.
#[tokio::test]
async fn a_reply_that_redis_never_takes_is_unstorable_and_harms_no_neighbour() {
    let Some(redis) = require(Redis::start()) else { return };
    let records = Records::at(&[redis.url()]);
    let (store, mut shell) = (records.open().await, records.shell());
    assert_eq!(shell.say("CONFIG SET proto-max-bulk-len 1mb").text(), "OK");
    for round in 0..5 {
        let [long, short] = [format!("long {round}"), format!("short {round}")];
        let owner = win(&store, &long).await;
        let long_one = with(completion(&long, owner), |it| it.reply = vec![b'r'; 4 << 20].into());
        let short_one = completion(&short, win(&store, &short).await);
        let (batch, _) = Batch::new(vec![long_one, short_one]);
        let asked: Vec<_> = batch.iter().cloned().collect();
        for (completion, answer) in asked.into_iter().zip(store.complete_batch(batch).await) {
            let is_long = completion.address == address(&long);
            // What is not decided in time, on a busy machine, is repeated, as by the engine.
            let answer = match answer {
                Err(error) if error.kind() == StoreErrorKind::Undecided => {
                    until("it is decided", async || {
                        let answer = store.complete(completion.clone()).await;
                        let undecided = |error: &StoreError| error.kind() == StoreErrorKind::Undecided;
                        (!answer.as_ref().is_err_and(undecided)).then_some(answer)
                    })
                    .await
                }
                decided => decided,
            };
            if is_long {
                assert_eq!(kind(answer), StoreErrorKind::Unstorable);
            } else {
                assert_eq!(answer.unwrap(), WriteOutcome::Applied);
            }
        }
        assert_eq!(store.complete(completion(&long, owner)).await.unwrap(), WriteOutcome::Applied);
    }
}

#[tokio::test]
async fn out_of_memory_is_capacity_exceeded() {
    let Some(redis) = require(Redis::start()) else { return };
    let records = Records::at(&[redis.url()]);
    let (store, mut shell) = (records.open().await, records.shell());
    let mut owners = Vec::new();
    for key in ["completed", "released", "unknown", "renewed", "swept", "replayed"] {
        owners.push((key, win(&store, key).await));
    }
    let replayed = owners.pop().unwrap().1;
    assert_eq!(store.complete(completion("replayed", replayed)).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(shell.say("CONFIG SET maxmemory 1").text(), "OK");

    assert_eq!(kind(store.claim(claim("new")).await), StoreErrorKind::CapacityExceeded);
    // Beside one that is answered.
    let (batch, _) = Batch::new(vec![claim("new"), claim("replayed")]);
    let new = batch.iter().position(|claim| claim.address == address("new")).unwrap();
    for (at, answer) in store.claim_batch(batch).await.into_iter().enumerate() {
        if at == new {
            assert_eq!(kind(answer), StoreErrorKind::CapacityExceeded);
        } else {
            assert!(matches!(answer.unwrap(), ClaimOutcome::Replay(_)));
        }
    }
    assert_eq!(store.look_up(address("new")).await.unwrap(), None, "nothing was written");
    assert_eq!(store.count(counting(StateKind::Running)).await.unwrap(), 5, "nor in an index");

    // What was let in can end.
    for (key, owner) in owners {
        let address = address(key);
        let applied = match key {
            "completed" => store.complete(completion(key, owner)).await.unwrap(),
            "released" => store.release(release(key, owner)).await.unwrap(),
            "unknown" => store.mark_unknown(MarkUnknown::new(address, owner)).await.unwrap(),
            _ => {
                let (renewals, _) = Batch::new(vec![Renewal::new(address, owner, LEASE * 2)]);
                assert_eq!(store.renew(renewals).await.pop().unwrap().unwrap(), RenewOutcome::Renewed);
                continue;
            }
        };
        assert_eq!(applied, WriteOutcome::Applied, "{key}");
    }
    assert_eq!(shell.say("CONFIG SET maxmemory 0").text(), "OK");
    win(&store, "new").await;
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_evicting_policy_is_warned_about() {
    let Some(redis) = require(Redis::start()) else { return };
    let records = Records::at(&[redis.url()]);
    let mut shell = records.shell();
    for (policy, warned) in [("noeviction", false), ("allkeys-lru", true), ("volatile-ttl", true)] {
        shell.say(&format!("CONFIG SET maxmemory-policy {policy}"));
        let log = Log::default();
        let written = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || written.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        records.open().await;
        drop(guard);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.contains("WARN") && log.contains(policy), warned, "{policy}: {log}");
    }
    // One that does not say is used all the same.
    shell.say("ACL SETUSER default -config");
    win(&records.open().await, "k").await;
}

#[tokio::test]
async fn a_completed_record_is_small() {
    let Some(redis) = require(Redis::start()) else { return };
    // The default prefix: the allocator rounds keys up.
    let records = Records { urls: vec![redis.url()], prefix: "idem".to_owned() };
    let (store, mut shell) = (records.open().await, records.shell());
    let reply: Reply = vec![7; 256].into();
    for n in 0..2000 {
        let key = format!("k{n:08}");
        let owner = win(&store, &key).await;
        let done = with(completion(&key, owner), |it| it.reply = reply.clone());
        assert_eq!(store.complete(done).await.unwrap(), WriteOutcome::Applied);
    }
    let key = records.key(address("k00000000"));
    // What it says, and the entry in the table of expiries, three pointers, which it does not count.
    let bytes = shell.run(&[&b"MEMORY"[..], b"USAGE", &key]).int() + 24;
    let above = bytes - 32 - 32 - 256;
    assert!(above <= 180, "{above} bytes above address, fingerprint and reply");
    assert_eq!(
        shell.ask("EXISTS", &records.index(address("k00000000"))).int(),
        0,
        "an index only holds what is open"
    );
    assert_eq!(store.count(counting(StateKind::Done)).await.unwrap(), 2000);
    let page = Page::new(namespace(), StateKind::Done, None, 3);
    assert_eq!(store.list(page).await.unwrap().len(), 3);
    assert!(matches!(shell.say("DBSIZE"), Said::Int(2000)));
}
