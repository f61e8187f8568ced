//! What the server gives up, so that its clients know, and how many connections a store keeps meanwhile.

use std::sync::Arc;
use std::time::Duration;

use idem_core::protocol::StateKind;
use idem_core::store::Store;
use idem_core::store::mysql::Dialect;
use idem_testing::servers::{MariaDb, require};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection, Row};

use super::{Shell, Table, in_both_dialects};
use crate::load::{Load, MOST_CONNECTIONS, bears, frozen_and_thawed, says_that_none_is_left};
use crate::support::*;

in_both_dialects! {
    the_server_gives_up_first_with_any_timeout
    a_locked_table_costs_no_connections
    a_call_that_is_dropped_is_killed_on_the_server
}

/// Short, so that the tests are; but the server counts in seconds.
const TIMEOUT: Duration = Duration::from_millis(1500);

async fn the_server_gives_up_first_with_any_timeout(table: Table) {
    let mut shell = table.shell().await;
    let version: String = shell.row("SELECT VERSION()").await.get(0);
    let statement = if version.contains("MariaDB") { "@@max_statement_time" } else { "@@max_execution_time" };
    let name = &table.name;
    let unwatched = table.open().await;
    shell.run(format!("CREATE TABLE {name}_seen (waits INT, waits_for_table INT, runs DOUBLE)")).await;
    shell
        .run(format!(
            "CREATE TRIGGER {name}_see AFTER INSERT ON {name} FOR EACH ROW \
             INSERT INTO {name}_seen VALUES (@@innodb_lock_wait_timeout, @@lock_wait_timeout, {statement})"
        ))
        .await;
    let month = 20.0 * 86400.0;
    for (timeout, waits, runs) in [(Duration::from_secs(5), 2, 4.0), (Duration::MAX, 1_728_000, month)] {
        shell.run(format!("DELETE FROM {name}_seen")).await;
        let store = table.builder().timeout(timeout).open().await.unwrap();
        win(&store, &format!("{timeout:?}")).await;
        let seen = shell.row(format!("SELECT waits, waits_for_table, runs FROM {name}_seen")).await;
        assert_eq!((seen.get::<i32, _>(0), seen.get::<i32, _>(1)), (waits, waits));
        let unit = if version.contains("MariaDB") { 1.0 } else { 1000.0 };
        assert!((seen.get::<f64, _>(2) / unit - runs).abs() < 0.001, "{}", seen.get::<f64, _>(2));
    }
    for none in [Duration::ZERO, Duration::from_nanos(1)] {
        bears(table.builder().timeout(none).open().await).await;
    }
    win(&unwatched, "k").await;
}

/// A table in a database of its own, by which its store's connections are known, and a shell elsewhere.
async fn apart(table: &Table) -> (Table, Shell) {
    let mut shell = table.shell().await;
    shell.run(format!("CREATE DATABASE {}", table.name)).await;
    let (server, _) = table.url.rsplit_once('/').unwrap();
    (Table::at(&format!("{server}/{}", table.name), table.dialect), shell)
}

async fn connections(shell: &mut Shell, database: &Table, more: &str) -> i64 {
    let (_, name) = database.url.rsplit_once('/').unwrap();
    let sql = format!("SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{name}' {more}");
    shell.number(sql).await
}

fn lock(database: &Table) -> String {
    let (_, name) = database.url.rsplit_once('/').unwrap();
    format!("LOCK TABLES {name}.{} WRITE", database.name)
}

async fn a_locked_table_costs_no_connections(table: Table) {
    let (database, mut shell) = apart(&table).await;
    let mut rival = table.shell().await;
    let store: Arc<dyn Store> = Arc::new(database.builder().timeout(TIMEOUT).open().await.unwrap());
    let load = Load::start(&store, 64);
    load.serves(200).await;
    rival.run(lock(&database)).await;
    let before = load.failed();
    until("many callers are refused", async || {
        let open = connections(&mut shell, &database, "").await;
        assert!(open <= MOST_CONNECTIONS, "{open} connections");
        (load.failed() > before + 200).then_some(())
    })
    .await;
    rival.run("UNLOCK TABLES").await;
    load.serves(200).await;
    load.stop().await;
}

async fn a_call_that_is_dropped_is_killed_on_the_server(table: Table) {
    let (database, mut shell) = apart(&table).await;
    let mut rival = table.shell().await;
    // The server would wait for four minutes.
    let store = database.builder().timeout(Duration::from_mins(10)).open().await.unwrap();
    rival.run(lock(&database)).await;
    let mut counting = store.count(counting(StateKind::Done));
    let waits = "AND state LIKE 'Waiting for table%lock'";
    tokio::select! {
        _ = &mut counting => panic!("the table is locked"),
        () = until("it waits", async || {
            (connections(&mut shell, &database, waits).await == 1).then_some(())
        }) => {}
    }
    drop(counting);
    until("it waits no more", async || (connections(&mut shell, &database, waits).await == 0).then_some(()))
        .await;
    rival.run("UNLOCK TABLES").await;
    win(&store, "k").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_frozen_serves_again() {
    let Some(server) = require(MariaDb::start()) else { return };
    let (database, mut shell) = apart(&Table::at(&server.url(), Dialect::MariaDb)).await;
    let store: Arc<dyn Store> = Arc::new(database.builder().timeout(TIMEOUT).open().await.unwrap());
    frozen_and_thawed(&store, &server, async || connections(&mut shell, &database, "").await).await;
}

#[tokio::test]
async fn a_server_without_a_connection_left_says_so() {
    let Some(server) = require(MariaDb::builder().setting("max-connections", "10").start()) else { return };
    let table = Table::at(&server.url(), Dialect::MariaDb);
    let store = table.open().await;
    let mut shell = table.shell().await;
    let clients = "SELECT COUNT(*) FROM information_schema.processlist WHERE host <> ''";
    until("the store's own is gone", async || (shell.number(clients).await == 1).then_some(())).await;
    let mut held = Vec::new();
    while let Ok(connection) = MySqlConnection::connect(&table.url).await {
        held.push(connection);
    }
    says_that_none_is_left(&store, held).await;
}
