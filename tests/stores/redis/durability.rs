//! Writes that count once replicas have them.

use std::time::Duration;

use idem_core::protocol::{ClaimOutcome, StateKind, WriteOutcome};
use idem_core::store::redis::{Durability, RedisStore};
use idem_core::store::{Batch, Store, StoreErrorKind};
use idem_testing::servers::{Redis, require};

use super::support::{Records, Shell};
use crate::support::*;

/// Short where replicas are missing, long where they are there.
async fn durable(records: &Records, timeout: Duration) -> RedisStore {
    records.builder().durability(Durability::Replicas { count: 1, timeout }).open().await.unwrap()
}

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(2);

/// A master and its replica, linked.
async fn pair() -> Option<(Redis, Redis)> {
    let (master, replica) = (require(Redis::start())?, require(Redis::start())?);
    let mut shell = Shell::to(&replica.url());
    shell.say(&format!("REPLICAOF 127.0.0.1 {}", master.addr().port()));
    until("the replica follows", async || {
        shell.say("INFO replication").text().contains("master_link_status:up").then_some(())
    })
    .await;
    Some((master, replica))
}

#[tokio::test]
async fn wait_fails_closed_without_replicas() {
    let Some(redis) = require(Redis::start()) else { return };
    let records = Records::at(&[redis.url()]);
    let (plain, store) = (records.open().await, durable(&records, SHORT).await);

    let lost = claim("claimed");
    assert_eq!(kind(store.claim(lost.clone()).await), StoreErrorKind::Undecided);
    assert_eq!(kind(store.claim(lost.clone()).await), StoreErrorKind::Undecided, "repeated");
    // It was written, only not known to last: a repeat that can be confirmed wins it.
    assert!(matches!(plain.claim(lost).await.unwrap(), ClaimOutcome::Won(_)));

    let owner = win(&plain, "completed").await;
    assert_eq!(kind(store.complete(completion("completed", owner)).await), StoreErrorKind::Undecided);
    assert_eq!(kind(store.complete(completion("completed", owner)).await), StoreErrorKind::Undecided);
    assert_eq!(kind(store.claim(claim("completed")).await), StoreErrorKind::Undecided, "nor is it replayed");
    assert_eq!(plain.complete(completion("completed", owner)).await.unwrap(), WriteOutcome::Applied);

    let owner = win(&plain, "released").await;
    assert_eq!(kind(store.release(release("released", owner)).await), StoreErrorKind::Undecided);

    let (batch, _) = Batch::new(["a", "b", "c"].map(claim).into());
    for answer in store.claim_batch(batch).await {
        assert_eq!(kind(answer), StoreErrorKind::Undecided);
    }
}

#[tokio::test]
async fn wait_succeeds_with_a_replica_and_fails_while_it_is_frozen() {
    let Some((master, replica)) = pair().await else { return };
    let records = Records::at(&[master.url()]);
    let (store, hasty) = (durable(&records, LONG).await, durable(&records, SHORT).await);
    let owner = win(&store, "k").await;
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied, "repeated");

    replica.freeze().unwrap();
    let asked = claim("frozen");
    // The first writes; the others write nothing new, on new connections, and must wait all the same.
    for _ in 0..3 {
        assert_eq!(kind(hasty.claim(asked.clone()).await), StoreErrorKind::Undecided);
        let fresh = durable(&records, SHORT).await;
        assert_eq!(kind(fresh.claim(asked.clone()).await), StoreErrorKind::Undecided);
        assert_eq!(
            kind(fresh.claim(claim("k")).await),
            StoreErrorKind::Undecided,
            "a replay counts on it, too"
        );
    }
    replica.thaw().unwrap();
    let owner = owner_in(store.claim(asked).await);
    assert_eq!(store.complete(completion("frozen", owner)).await.unwrap(), WriteOutcome::Applied);

    // What was confirmed is there.
    let mut shell = Shell::to(&replica.url());
    for key in ["k", "frozen"] {
        let key = records.key(address(key));
        assert_eq!(shell.ask("EXISTS", &key).int(), 1);
    }
}

/// `WAIT` waits for what was written on its connection, in newer versions of Redis for nothing else. A repeat that finds
/// its work done must write, or it would be confirmed by replicas that never got the first try.
#[tokio::test]
async fn what_wait_confirms_was_written_on_its_connection() {
    let Some((master, _replica)) = pair().await else { return };
    let records = Records::at(&[master.url()]);
    let (store, mut shell) = (durable(&records, LONG).await, records.shell());
    let mut changes = move || {
        let said = shell.say("INFO persistence").text();
        let line = said.lines().find_map(|line| line.strip_prefix("rdb_changes_since_last_save:"));
        line.unwrap().parse::<u64>().unwrap()
    };
    let asked = claim("k");
    let owner = owner_in(store.claim(asked.clone()).await);
    let before = changes();
    assert_eq!(owner_in(store.claim(asked).await), owner);
    assert!(changes() > before, "a repeated claim");
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
    let before = changes();
    assert!(matches!(store.claim(claim("k")).await.unwrap(), ClaimOutcome::Replay(_)));
    assert!(changes() > before, "a replay");
    let before = changes();
    assert_eq!(store.complete(completion("k", owner)).await.unwrap(), WriteOutcome::Applied);
    assert!(changes() > before, "a repeated completion");
}

#[tokio::test]
async fn wait_reaches_the_nodes_that_wrote() {
    let Some(records) = Records::cluster() else { return };
    let store = durable(&records, LONG).await;
    let keys: Vec<String> = (0..64).map(|n| format!("k{n}")).collect();
    let (batch, _) = Batch::new(keys.iter().map(|key| claim(key)).collect());
    let addresses: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    for (answer, address) in store.claim_batch(batch).await.into_iter().zip(addresses) {
        let owner = owner_in(answer);
        assert_eq!(store.look_up(address).await.unwrap().unwrap().owner, owner);
    }
    // No master has two replicas.
    let two = Durability::Replicas { count: 2, timeout: SHORT };
    let store = records.builder().durability(two).open().await.unwrap();
    let (batch, _) = Batch::new((0..64).map(|n| claim(&format!("two{n}"))).collect());
    for answer in store.claim_batch(batch).await {
        assert_eq!(kind(answer), StoreErrorKind::Undecided);
    }
    assert_eq!(store.count(counting(StateKind::Running)).await.unwrap(), 128);
}

#[tokio::test]
async fn a_durability_that_cannot_be_had_is_refused() {
    let Some(records) = Records::server() else { return };
    for (count, timeout) in [(0, SHORT), (1, Duration::from_secs(3))] {
        let opened = records.builder().durability(Durability::Replicas { count, timeout }).open().await;
        assert_eq!(kind(opened), StoreErrorKind::Misconfigured);
    }
}
