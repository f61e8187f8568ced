//! A server that stands still for longer than callers wait. A claim that it had received is followed until the server goes
//! on, so it costs no key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use idem_core::store::Store;
use idem_core::{Idem, Refused, Scope, idempotent};
use idem_testing::servers::{MariaDb, Postgres, Redis, require};

use crate::servers::Server;
use crate::support::until;

const TIMEOUT: Duration = Duration::from_millis(500);

#[idempotent(with = idem, key = key, name = "pay", lease = "10m")]
async fn pay(idem: &Idem<Arc<dyn Store>>, key: &str, runs: &AtomicU32) -> Result<u32, Refused> {
    Ok(runs.fetch_add(1, Ordering::SeqCst) + 1)
}

/// By default a claim is not repeated before 5 s, so the times are short here.
async fn a_claim_costs_no_key(server: Server, url: &str, process: &idem_testing::servers::Server) {
    let store = server.at(url).open_by(url, TIMEOUT).await;
    let idem = Idem::builder(store)
        .scope(Scope::public())
        .store_timeout(TIMEOUT)
        .completion_timeout(TIMEOUT)
        .build();
    let (others, runs) = (AtomicU32::new(0), AtomicU32::new(0));
    pay(&idem, "warm", &others).await.unwrap();
    process.freeze().unwrap();
    let told = pay(&idem, "k", &runs).await;
    assert!(matches!(told, Err(Refused::StoreUnavailable { .. })), "{told:?}");
    // Each of these takes the time in which the claim is repeated over new connections, which do not come about.
    for number in 0..4 {
        let told = pay(&idem, &format!("other {number}"), &others).await;
        assert!(matches!(told, Err(Refused::StoreUnavailable { .. })), "{told:?}");
    }
    process.thaw().unwrap();
    // Long before the lease is over.
    let value = until("the key is free", async || pay(&idem, "k", &runs).await.ok()).await;
    assert_eq!((value, runs.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_postgres_had_received_costs_no_key() {
    let Some(server) = require(Postgres::start()) else { return };
    a_claim_costs_no_key(Server::Postgres, &server.url(), &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_mariadb_had_received_costs_no_key() {
    let Some(server) = require(MariaDb::start()) else { return };
    a_claim_costs_no_key(Server::MariaDb, &server.url(), &server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_redis_had_received_costs_no_key() {
    let Some(server) = require(Redis::start()) else { return };
    a_claim_costs_no_key(Server::Redis, &server.url(), &server).await;
}
