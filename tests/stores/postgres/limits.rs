//! What the server gives up, so that its clients know, and how many connections a store keeps meanwhile.

use std::sync::Arc;
use std::time::Duration;

use idem_core::protocol::{StateKind, WriteOutcome};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::{Batch, Store, StoreErrorKind};
use idem_testing::servers::{PgBouncer, Postgres, require};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::traps::insert_uncommitted;
use super::{Shell, Table, with_options};
use crate::load::{Load, MOST_CONNECTIONS, bears, frozen_and_thawed, says_that_none_is_left};
use crate::support::*;

/// Short, so that the tests are.
const TIMEOUT: Duration = Duration::from_millis(500);

impl Table {
    /// Notes with every new record what its statement may take.
    async fn watch_limits(&self, shell: &mut Shell) {
        let name = &self.name;
        shell
            .run(format!(
                "CREATE TABLE {name}_seen (limits text);
                 CREATE FUNCTION {name}_see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     INSERT INTO {name}_seen VALUES
                     (current_setting('lock_timeout') || ' ' || current_setting('statement_timeout'));
                     RETURN NULL;
                 END $$;
                 CREATE TRIGGER see AFTER INSERT ON {name} FOR EACH STATEMENT EXECUTE FUNCTION {name}_see()"
            ))
            .await;
    }

    async fn seen_limits(&self, shell: &mut Shell) -> String {
        let seen = format!("SELECT string_agg(DISTINCT limits, ', ') FROM {}_seen", self.name);
        sqlx::Row::get(&shell.row(seen).await, 0)
    }
}

#[tokio::test]
async fn the_server_gives_up_first_unless_it_was_told_to_even_earlier() {
    let Some(table) = Table::new() else { return };
    let mut shell = table.shell().await;
    let store = table.open().await;
    table.watch_limits(&mut shell).await;
    win(&store, "a").await;
    assert_eq!(table.seen_limits(&mut shell).await, "2s 4s");
    let strict = table.open_with("-c lock_timeout=70ms -c statement_timeout=1d").await;
    shell.run(format!("DELETE FROM {}_seen", table.name)).await;
    win(&strict, "b").await;
    assert_eq!(table.seen_limits(&mut shell).await, "70ms 4s");
}

#[tokio::test]
async fn through_a_pooler_limits_leave_nothing_behind() {
    let Some(server) = require(Postgres::start()) else { return };
    // One connection for all.
    let pooler = PgBouncer::builder(server.addr()).setting("default_pool_size", "1").start();
    let Some(pooler) = require(pooler) else { return };
    let (direct, table) = (Table::at(&server.url()), Table::at(&pooler.url()));
    let open = PostgresStore::builder(&table.url).table(&table.name).through_pooler(true).open();
    let (store, mut shell) = (open.await.unwrap(), direct.shell().await);
    table.watch_limits(&mut shell).await;
    win(&store, "a").await;
    for answer in store.claim_batch(Batch::new(["b", "c"].map(claim).to_vec()).0).await {
        owner_in(answer);
    }
    assert_eq!(table.seen_limits(&mut shell).await, "2s 4s");
    let mut other = table.shell().await;
    let left = "SELECT (current_setting('lock_timeout') || current_setting('statement_timeout'))::bigint";
    assert_eq!(other.number(left).await, 0, "another client's limits on the same connection");
}

#[tokio::test]
async fn a_locked_record_fails_none_of_its_neighbours() {
    let Some(table) = Table::new() else { return };
    let store = PostgresStore::builder(&table.url).table(&table.name).timeout(Duration::from_secs(2));
    let store = store.open().await.unwrap();
    let mut rival = table.shell().await;
    insert_uncommitted(&mut rival, &table, "k").await;
    let (batch, _) = Batch::new(["a", "b", "c", "k", "x", "y"].map(claim).to_vec());
    let order: Vec<_> = batch.iter().map(|claim| claim.address).collect();
    let mut owners = Vec::new();
    for (at, answer) in order.into_iter().zip(store.claim_batch(batch).await) {
        if at == address("k") {
            assert_eq!(kind(answer), StoreErrorKind::Unavailable, "nothing was applied, for certain");
        } else {
            owners.push((at, owner_in(answer)));
        }
    }
    rival.run("ROLLBACK").await;
    win(&store, "k").await;

    let locked = hex(owners[2].0.as_bytes());
    rival.run(format!("BEGIN; SELECT 1 FROM {} WHERE address = '\\x{locked}' FOR UPDATE", table.name)).await;
    let completions =
        owners.iter().map(|(address, owner)| with(completion("k", *owner), |it| it.address = *address));
    let answers = store.complete_batch(Batch::new(completions.collect()).0).await;
    for ((address, _), answer) in owners.iter().zip(answers) {
        if *address == owners[2].0 {
            assert_eq!(kind(answer), StoreErrorKind::Unavailable);
        } else {
            assert_eq!(answer.unwrap(), WriteOutcome::Applied);
        }
    }
}

/// The connections of a store that was opened with this name.
async fn connections(shell: &mut Shell, name: &str) -> i64 {
    shell.number(format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{name}'")).await
}

async fn open_named(table: &Table, timeout: Duration) -> Arc<dyn Store> {
    let mark = if table.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{mark}application_name={}", table.url, table.name);
    Arc::new(PostgresStore::builder(&url).table(&table.name).timeout(timeout).open().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_table_costs_no_connections() {
    let Some(table) = Table::new() else { return };
    let (store, mut shell) = (open_named(&table, TIMEOUT).await, table.shell().await);
    let mut rival = table.shell().await;
    let load = Load::start(&store, 64);
    load.serves(200).await;
    rival.run(format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table.name)).await;
    let before = load.failed();
    until("many callers are refused", async || {
        let open = connections(&mut shell, &table.name).await;
        assert!(open <= MOST_CONNECTIONS, "{open} connections");
        (load.failed() > before + 500).then_some(())
    })
    .await;
    rival.run("ROLLBACK").await;
    load.serves(200).await;
    load.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_frozen_serves_again() {
    let Some(server) = require(Postgres::start()) else { return };
    let table = Table::at(&server.url());
    let (store, mut shell) = (open_named(&table, TIMEOUT).await, table.shell().await);
    frozen_and_thawed(&store, &server, async || connections(&mut shell, &table.name).await).await;
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled_on_the_server() {
    let Some(table) = Table::new() else { return };
    // The server would wait for four minutes.
    let (store, mut shell) = (open_named(&table, Duration::from_mins(10)).await, table.shell().await);
    let mut rival = table.shell().await;
    rival.run(format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table.name)).await;
    let mut counting = store.count(counting(StateKind::Done));
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{}' AND wait_event_type = 'Lock'",
        table.name
    );
    tokio::select! {
        _ = &mut counting => panic!("the table is locked"),
        () = until("it waits", async || (shell.number(&waiting).await == 1).then_some(())) => {}
    }
    drop(counting);
    until("it waits no more", async || (shell.number(&waiting).await == 0).then_some(())).await;
    rival.run("ROLLBACK").await;
    win(&*store, "k").await;
}

#[tokio::test]
async fn a_server_without_a_connection_left_says_so() {
    let server = Postgres::builder().setting("max_connections", "6").start();
    let Some(server) = require(server) else { return };
    let table = Table::at(&server.url());
    let store = table.open().await;
    let mut shell = table.shell().await;
    let clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    until("the store's own is gone", async || (shell.number(clients).await == 1).then_some(())).await;
    let mut held = Vec::new();
    while let Ok(connection) = PgConnection::connect(&table.url).await {
        held.push(connection);
    }
    says_that_none_is_left(&store, held).await;
}

#[tokio::test]
async fn every_timeout_is_one() {
    let Some(table) = Table::new() else { return };
    let mut shell = table.shell().await;
    let open = |timeout| PostgresStore::builder(&table.url).table(&table.name).timeout(timeout).open();
    let store = open(Duration::MAX).await.unwrap();
    table.watch_limits(&mut shell).await;
    win(&store, "k").await;
    assert_eq!(table.seen_limits(&mut shell).await, "20d 20d");
    for none in [Duration::ZERO, Duration::from_nanos(1)] {
        bears(open(none).await).await;
    }
}

#[tokio::test]
async fn limits_in_the_url_are_no_obstacle() {
    let Some(table) = Table::new() else { return };
    let url = with_options(&table.url, "-c statement_timeout=0 -c lock_timeout=0");
    let store = PostgresStore::builder(&url).table(&table.name).open().await.unwrap();
    win(&store, "k").await;
}
