//! What only a cluster does.

use std::time::Duration;

use idem_core::protocol::{ClaimOutcome, StateKind, WriteOutcome};
use idem_core::store::redis::{Durability, RedisStore};
use idem_core::store::{Batch, Store, StoreErrorKind};
use idem_testing::servers::{Cluster, require};

use super::support::{Records, Shell};
use crate::support::*;

#[tokio::test]
async fn the_url_of_one_node_opens_the_cluster() {
    let Some(records) = Records::cluster() else { return };
    let all = records.open().await;
    for url in &records.urls {
        let store = RedisStore::builder(url).prefix(&records.prefix).open().await.unwrap();
        let (batch, _) = Batch::new((0..32).map(|n| claim(&format!("{url} {n}"))).collect());
        store.claim_batch(batch).await.into_iter().for_each(|answer| {
            owner_in(answer);
        });
    }
    assert_eq!(all.count(counting(StateKind::Running)).await.unwrap(), 32 * records.urls.len() as u64);
}

#[tokio::test]
async fn several_urls_of_no_cluster_are_refused() {
    let Some(records) = Records::server() else { return };
    let url = records.urls[0].as_str();
    assert_eq!(kind(RedisStore::connect([url, url]).await), StoreErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_failover_is_survived() {
    let Some(cluster) = require(Cluster::start()) else { return };
    let records = Records::at(&cluster.urls());
    // By the node that will die: the others must be known.
    let store = RedisStore::builder(&records.urls[0]).prefix(&records.prefix).open().await.unwrap();
    let replicated = Durability::Replicas { count: 1, timeout: Duration::from_secs(2) };
    let durable = records.builder().durability(replicated).open().await.unwrap();
    let keys: Vec<String> = (0..48).map(|n| format!("k{n}")).collect();
    let mut owners = Vec::new();
    for key in &keys {
        owners.push(complete(&durable, key).await);
    }
    let open = win(&durable, "open").await;

    cluster.kill_node(0).unwrap();
    for (key, owner) in keys.iter().zip(&owners) {
        let record = until("the key can be read", async || store.look_up(address(key)).await.ok()).await;
        let record = record.expect("what was confirmed by a replica is there");
        assert_eq!((record.owner, record.state.kind()), (*owner, StateKind::Done));
    }
    for key in &keys {
        let asked = claim(&format!("new {key}"));
        let outcome = until("the key can be claimed", async || store.claim(asked.clone()).await.ok()).await;
        assert!(matches!(outcome, ClaimOutcome::Won(_)));
    }
    let done = completion("open", open);
    let outcome = until("it can be completed", async || store.complete(done.clone()).await.ok()).await;
    assert_eq!(outcome, WriteOutcome::Applied);
    cluster.settle().unwrap();
    assert_eq!(store.count(counting(StateKind::Done)).await.unwrap(), 49);
}

/// Slots that have moved since the store learnt where they are.
#[tokio::test]
async fn moved_slots_are_found() {
    let Some(cluster) = require(Cluster::start()) else { return };
    let records = Records::at(&cluster.urls());
    let store = records.open().await;
    let ask = |round: usize| Batch::new((0..96).map(|n| claim(&format!("{round} {n}"))).collect()).0;
    let mut owners = Vec::new();
    for round in 0..2 {
        let batch = ask(round);
        let addresses: Vec<_> = batch.iter().map(|claim| claim.address).collect();
        for (answer, address) in store.claim_batch(batch).await.into_iter().zip(addresses) {
            owners.push((address, owner_in(answer)));
        }
        if round == 0 {
            move_slots(&cluster, &records);
        }
    }
    for (address, owner) in owners {
        assert_eq!(store.look_up(address).await.unwrap().unwrap().owner, owner);
    }
    assert_eq!(store.count(counting(StateKind::Running)).await.unwrap(), 192);
}

/// A tenth of the first master's slots go to the second, with their keys.
fn move_slots(cluster: &Cluster, records: &Records) {
    let mut nodes: Vec<Shell> = cluster.nodes()[..3].iter().map(|node| Shell::to(&node.url())).collect();
    let ids: Vec<String> = nodes.iter_mut().map(|node| node.say("CLUSTER MYID").text()).collect();
    let port = cluster.nodes()[1].addr().port();
    let mut moved = 0;
    for slot in 0..546 {
        nodes[1].say(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", ids[0]));
        nodes[0].say(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", ids[1]));
        let keys = nodes[0].say(&format!("CLUSTER GETKEYSINSLOT {slot} 100"));
        for key in keys.many() {
            let super::support::Said::Text(key) = key else { panic!("a key: {key:?}") };
            let port = port.to_string();
            nodes[0].run(&[&b"MIGRATE"[..], b"127.0.0.1", port.as_bytes(), key, b"0", b"5000"]);
            moved += usize::from(key.starts_with(format!("{{{}:", records.prefix).as_bytes()));
        }
        for node in [1, 0, 2] {
            nodes[node].say(&format!("CLUSTER SETSLOT {slot} NODE {}", ids[1]));
        }
    }
    assert!(moved > 0, "some of the records lie in those slots");
}
