//! How many connections a store keeps, and what it says where there is none.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use idem_core::store::Store;
use idem_testing::servers::{Redis, require};

use super::support::{Records, Shell};
use crate::load::{bears, frozen_and_thawed, says_that_none_is_left};
use crate::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_frozen_serves_again() {
    let Some(server) = require(Redis::start()) else { return };
    let records = Records::at(&[server.url()]);
    let mut shell = records.shell();
    let store: Arc<dyn Store> =
        Arc::new(records.builder().timeout(Duration::from_millis(300)).open().await.unwrap());
    // The shell is one more.
    let clients = async || i64::try_from(shell.say("CLIENT LIST").text().lines().count()).unwrap() - 1;
    frozen_and_thawed(&store, &server, clients).await;
}

#[tokio::test]
async fn a_server_without_a_connection_left_says_so() {
    let Some(server) = require(Redis::builder().setting("maxclients", "5").start()) else { return };
    let records = Records::at(&[server.url()]);
    let store = records.open().await;
    let mut shell = Shell::to(&records.urls[0]);
    let address = server.addr();
    let mut held: Vec<_> = (0..4).map(|_| TcpStream::connect(address).unwrap()).collect();
    // Refused, once the store's own connection is gone and all of these are there.
    until("no connection is left", async || {
        let clients = shell.say("CLIENT LIST").text().lines().count();
        if clients < 5 {
            held.push(TcpStream::connect(address).unwrap());
        }
        (clients == 5).then_some(())
    })
    .await;
    says_that_none_is_left(&store, held).await;
}

#[tokio::test]
async fn every_timeout_is_one() {
    for records in [Records::server(), Records::cluster()] {
        let Some(records) = records else { return };
        let store = records.builder().timeout(Duration::MAX).open().await.unwrap();
        win(&store, "k").await;
        for none in [Duration::ZERO, Duration::from_nanos(1)] {
            bears(records.builder().timeout(none).open().await).await;
        }
    }
}
