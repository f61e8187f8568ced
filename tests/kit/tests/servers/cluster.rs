//! A cluster survives the loss of a master.

use idem_testing::servers::{Cluster, Server, require, shared};

use crate::support::redis;

#[test]
fn a_replica_takes_over_and_the_old_master_follows_it() {
    let Some(cluster) = require(Cluster::start()) else { return };
    let [first, .., last] = cluster.nodes() else { panic!("no nodes") };
    assert_eq!((cluster.nodes().len(), cluster.urls().len()), (6, 6));
    assert!(role(first, "master") && role(last, "slave"));
    cluster.kill_node(0).unwrap();
    cluster.settle().unwrap();
    assert!(role(&cluster.nodes()[3], "master"));
    cluster.start_node(0).unwrap();
    cluster.settle().unwrap();
    assert!(role(first, "slave"));
}

#[test]
fn the_shared_one_serves_every_slot() {
    let Some(urls) = require(shared::cluster()) else { return };
    assert!(!urls.is_empty() && urls.iter().all(|url| url.starts_with("redis")));
}

fn role(node: &Server, role: &str) -> bool {
    redis(node, "INFO replication").contains(&format!("role:{role}"))
}
