//! What goes wrong with Redis, and does not here.

use std::collections::BTreeSet;
use std::sync::Arc;

use idem_core::protocol::{ClaimOutcome, RenewOutcome, StateKind, WriteOutcome};
use idem_core::store::redis::RedisStore;
use idem_core::store::{Batch, MarkUnknown, Renewal, Store, StoreErrorKind};
use idem_testing::proxy::{Fault, Proxy};
use idem_testing::servers::{Redis, require};

use super::support::{Records, Said};
use crate::support::*;

#[tokio::test]
async fn scripts_survive_script_flush() {
    let Some(redis) = require(Redis::start()) else { return };
    let records = Records::at(&[redis.url()]);
    let (store, mut shell) = (records.open().await, records.shell());
    for round in 0..3 {
        shell.say("SCRIPT FLUSH");
        let key = format!("k{round}");
        let owner = win(&store, &key).await;
        shell.say("SCRIPT FLUSH");
        let (renewals, _) = Batch::new(vec![Renewal::new(address(&key), owner, LEASE)]);
        assert!(store.renew(renewals).await.pop().unwrap().is_ok());
        shell.say("SCRIPT FLUSH");
        assert_eq!(store.complete(completion(&key, owner)).await.unwrap(), WriteOutcome::Applied);
        shell.say("SCRIPT FLUSH");
        let (batch, _) = Batch::new((0..20).map(|n| claim(&format!("{round} {n}"))).collect());
        store.claim_batch(batch).await.into_iter().for_each(|answer| {
            owner_in(answer);
        });
    }
    // The text went over once for each flush, not with each call.
    let said = shell.say("INFO commandstats").text();
    assert!(!said.contains("cmdstat_eval:"), "{said}");
}

#[tokio::test]
async fn a_repeated_script_changes_nothing() {
    let Some(redis) = require(Redis::start()) else { return };
    let proxy = Proxy::to(redis.addr()).await.unwrap();
    let mut records = Records::at(&[redis.url()]);
    let direct = records.open().await;
    let mut shell = records.shell();
    records.urls = vec![proxy.url(&redis.url())];
    let store = records.open().await;
    // On a connection that is there: to be cut off while it is made is no lost reply.
    win(&store, "first").await;
    for fault in Fault::CUTS {
        let name = format!("{fault:?}");
        let asked = claim(&name);
        proxy.on_next(fault);
        let owner = owner_in(store.claim(asked.clone()).await);
        let record = direct.look_up(asked.address).await.unwrap().unwrap();
        assert_eq!((record.owner, record.attempts, record.state.kind()), (owner, 1, StateKind::Running));

        // A renewal has a connection of its own, on the store's thread.
        assert!(store.look_up(asked.address).await.unwrap().is_some());
        proxy.on_next(fault);
        let (renewals, _) = Batch::new(vec![Renewal::new(asked.address, owner, LEASE)]);
        assert!(store.renew(renewals).await.pop().unwrap().is_ok());

        // A fault drops all connections that lie idle: the caller's own is there again.
        assert_eq!(owner_in(store.claim(asked.clone()).await), owner);
        proxy.on_next(fault);
        assert_eq!(store.complete(completion(&name, owner)).await.unwrap(), WriteOutcome::Applied);
        let stored = shell.ask("GET", &records.key(asked.address));
        assert_eq!(store.complete(completion(&name, owner)).await.unwrap(), WriteOutcome::Applied);
        proxy.on_next(fault);
        assert!(matches!(store.claim(asked.clone()).await.unwrap(), ClaimOutcome::Replay(_)));
        assert_eq!(shell.ask("GET", &records.key(asked.address)), stored, "byte for byte");

        let released = claim(&format!("released {name}"));
        let key = format!("released {name}");
        let owner = owner_in(store.claim(released.clone()).await);
        proxy.on_next(fault);
        assert_eq!(store.release(release(&key, owner)).await.unwrap(), WriteOutcome::Applied);
        // A change by comparison.
        proxy.on_next(fault);
        let again = claim(&key);
        let second = owner_in(store.claim(again.clone()).await);
        let record = direct.look_up(again.address).await.unwrap().unwrap();
        assert_eq!((record.owner, record.attempts), (second, 2));
        proxy.on_next(fault);
        let mark = MarkUnknown::new(again.address, second);
        assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
        assert_eq!(proxy.armed(), 0, "all of it happened");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_comes_back() {
    let Some(redis) =
        require(Redis::builder().setting("appendonly", "yes").setting("appendfsync", "always").start())
    else {
        return;
    };
    let records = Records::at(&[redis.url()]);
    let store = records.open().await;
    let owner = complete(&store, "k").await;
    redis.kill().unwrap();
    assert_eq!(kind(store.look_up(address("k")).await), StoreErrorKind::Unavailable);
    redis.start_again().unwrap();
    let record = store.look_up(address("k")).await.unwrap().unwrap();
    assert_eq!((record.owner, record.state.kind()), (owner, StateKind::Done));
    win(&store, "new").await;
}

#[tokio::test]
async fn release_does_not_reset_the_fence() {
    let Some(records) = Records::server() else { return };
    let store = records.open().await;
    let mut fence = None;
    for attempt in 1..=20 {
        let owner = win(&store, "k").await;
        assert!(Some(owner.fence) > fence);
        fence = Some(owner.fence);
        assert_eq!(store.look_up(address("k")).await.unwrap().unwrap().attempts, attempt);
        assert_eq!(store.release(release("k", owner)).await.unwrap(), WriteOutcome::Applied);
    }
}

async fn crowd(stores: [RedisStore; 2]) {
    let stores = stores.map(Arc::new);
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..64 {
        let store = Arc::clone(&stores[n % 2]);
        asked.spawn(async move { store.claim(claim("wanted")).await.unwrap() });
    }
    let mut owners = Vec::new();
    while let Some(outcome) = asked.join_next().await {
        match outcome.unwrap() {
            ClaimOutcome::Won(won) => owners.push(won.owner),
            ClaimOutcome::InFlight { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(owners.len(), 1);
    let done = completion("wanted", owners[0]);
    assert_eq!(stores[0].complete(done).await.unwrap(), WriteOutcome::Applied);
    for store in &stores {
        assert!(matches!(store.claim(claim("wanted")).await.unwrap(), ClaimOutcome::Replay(_)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_duplicates_run_once() {
    if let Some(records) = Records::server() {
        crowd([records.open().await, records.open().await]).await;
    }
    if let Some(records) = Records::cluster() {
        crowd([records.open().await, records.open().await]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposite_orders_get_on() {
    let Some(records) = Records::cluster() else { return };
    let stores = [records.open().await, records.open().await].map(Arc::new);
    let mut sets = tokio::task::JoinSet::new();
    for (turn, store) in stores.iter().enumerate() {
        let store = Arc::clone(store);
        sets.spawn(async move {
            let mut won = 0;
            for round in 0..20 {
                let mut keys: Vec<usize> = (0..40).collect();
                if turn == 1 {
                    keys.reverse();
                }
                let mut all = tokio::task::JoinSet::new();
                for n in keys {
                    let store = Arc::clone(&store);
                    all.spawn(async move { store.claim(claim(&format!("{round} {n}"))).await.unwrap() });
                }
                while let Some(outcome) = all.join_next().await {
                    won += usize::from(matches!(outcome.unwrap(), ClaimOutcome::Won(_)));
                }
            }
            won
        });
    }
    let mut won = 0;
    while let Some(here) = sets.join_next().await {
        won += here.unwrap();
    }
    assert_eq!(won, 800);
}

/// The words of a line of `MONITOR`: in quotation marks, and with backslashes before what cannot be read.
fn words(line: &str) -> Vec<Vec<u8>> {
    let (mut words, mut word) = (Vec::new(), None::<Vec<u8>>);
    let mut letters = line.bytes();
    while let Some(letter) = letters.next() {
        match (&mut word, letter) {
            (Some(_), b'"') => words.extend(word.take()),
            (None, b'"') => word = Some(Vec::new()),
            (Some(word), b'\\') => word.push(match letters.next().unwrap() {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'a' => 7,
                b'b' => 8,
                b'x' => {
                    let digits = [letters.next().unwrap(), letters.next().unwrap()];
                    u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            }),
            (Some(word), other) => word.push(other),
            (None, _) => {}
        }
    }
    words
}

/// The commands that scripts were called with, and those that the scripts called, as `MONITOR` shows them.
#[tokio::test]
async fn scripts_declare_their_keys_and_keep_to_one_slot() {
    let (Some(redis), Some(cluster)) = (require(Redis::start()), Records::cluster()) else { return };
    let records = Records::at(&[redis.url()]);
    let (store, mut monitor) = (records.open().await, records.shell());
    monitor.say("MONITOR");
    for n in 0..8 {
        let key = format!("k{n}");
        let owner = win(&store, &key).await;
        let (renewals, _) = Batch::new(vec![Renewal::new(address(&key), owner, LEASE)]);
        assert_eq!(store.renew(renewals).await.pop().unwrap().unwrap(), RenewOutcome::Renewed);
        assert_eq!(store.release(release(&key, owner)).await.unwrap(), WriteOutcome::Applied);
        let owner = win(&store, &key).await;
        if n % 2 == 0 {
            assert_eq!(store.complete(completion(&key, owner)).await.unwrap(), WriteOutcome::Applied);
        } else {
            let mark = MarkUnknown::new(address(&key), owner);
            assert_eq!(store.mark_unknown(mark).await.unwrap(), WriteOutcome::Applied);
        }
        let lapsed = with(claim(&format!("lapsed {n}")), |it| it.lease = std::time::Duration::ZERO);
        owner_in(store.claim(lapsed).await);
    }
    let sweep = idem_core::store::Sweep::new(namespace(), std::time::Duration::ZERO, RETENTION, 9);
    assert_eq!(store.sweep(sweep).await.unwrap().unknown, 8);
    assert!(store.look_up(address("k0")).await.unwrap().is_some());
    records.shell().say("PING");

    let mut node = cluster.shell();
    let mut declared: Vec<Vec<u8>> = Vec::new();
    let mut scripts = BTreeSet::new();
    loop {
        let line = monitor.hear_line();
        let words = words(&line);
        if words.first().is_some_and(|word| word == b"PING") {
            break;
        }
        match words.first().map(Vec::as_slice) {
            Some(b"EVALSHA") => {
                scripts.insert(words[1].clone());
                let count: usize = str::from_utf8(&words[2]).unwrap().parse().unwrap();
                declared = words[3..3 + count].to_vec();
                let slots: BTreeSet<i64> =
                    declared.iter().map(|key| node.run(&[&b"CLUSTER"[..], b"KEYSLOT", key]).int()).collect();
                assert_eq!(slots.len(), 1, "{declared:?}");
            }
            Some(_) if line.contains(" lua] ") && words[0] != b"TIME" => {
                assert!(declared.contains(&words[1]), "{line} of {declared:?}");
            }
            _ => {}
        }
    }
    assert_eq!(scripts.len(), 7, "every script was called");
    assert_eq!(node.say("PING"), Said::Text(b"PONG".to_vec()));
}
