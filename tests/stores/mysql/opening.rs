//! Opening, migrating, and what a store says when it cannot.

use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::{Store, StoreErrorKind, Sweep};
use idem_testing::servers::{MariaDb, require};

use super::{Table, hex};
use crate::support::*;

async fn table() -> Option<Table> {
    Table::new(Dialect::MySql).await
}

#[tokio::test]
async fn the_dialect_is_found() {
    let Some(table) = table().await else { return };
    let store = MySqlStore::builder(&table.url).table(&table.name).open().await.unwrap();
    complete(&store, "k").await;
    complete(&MySqlStore::connect(&table.url).await.unwrap(), &table.name).await;
}

#[tokio::test]
async fn many_processes_may_open_it_first() {
    let Some(table) = table().await else { return };
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let builder = table.builder();
        tasks.spawn(async move { builder.open().await.unwrap() });
    }
    for (number, store) in tasks.join_all().await.into_iter().enumerate() {
        complete(&store, &number.to_string()).await;
    }
}

#[tokio::test]
async fn the_printed_migrations_are_those_that_run() {
    let Some(table) = table().await else { return };
    let mut shell = table.shell().await;
    let database = format!("{}_database", table.name);
    shell.run(format!("CREATE DATABASE {database}")).await;
    let name = format!("{database}.records");
    let closed = MySqlStore::builder(&table.url).table(&name).migrate(false);
    assert_eq!(kind(closed.clone().open().await), StoreErrorKind::Misconfigured);
    let migrations = MySqlStore::migrations(&name).unwrap();
    // One that was interrupted can be run again; the later ones are carried out whole or not at all.
    shell.run(&migrations[0]).await;
    for migration in migrations {
        shell.run(&migration).await;
    }
    complete(&closed.open().await.unwrap(), "k").await;
    assert_eq!(shell.number(format!("SELECT COUNT(*) FROM {name}")).await, 1);
    shell.run(format!("DROP DATABASE {database}")).await;
}

#[tokio::test]
async fn names_are_checked() {
    for name in ["", "x; DROP TABLE y", "Upper", "a.b.c", "a`b"] {
        let open = MySqlStore::builder("mysql://localhost/nowhere").table(name).open().await;
        assert_eq!(kind(open), StoreErrorKind::Misconfigured);
        assert_eq!(kind(MySqlStore::migrations(name)), StoreErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn a_table_of_another_kind_is_refused() {
    let Some(table) = table().await else { return };
    let mut shell = table.shell().await;
    shell.run(format!("CREATE TABLE {} (k INT PRIMARY KEY) COMMENT 'orders'", table.name)).await;
    let error = table.builder().open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    assert!(error.to_string().contains("orders"), "{error}");
    shell.run(format!("DROP TABLE {}", table.name)).await;
    drop(table.open().await);
    shell.run(format!("ALTER TABLE {} ENGINE = MyISAM", table.name)).await;
    assert_eq!(kind(table.builder().open().await), StoreErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_table_of_the_first_schema_is_migrated_with_its_records() {
    let Some(table) = table().await else { return };
    let mut shell = table.shell().await;
    shell.run(&MySqlStore::migrations(&table.name).unwrap()[0]).await;
    shell
        .run(format!(
            "INSERT INTO {} (address, fence, until, created, attempts, format, state, after_crash, recipe, nonce, \
             digest, label, key_hint, reply) VALUES ({}, 7, 0, 7, 1, 1, 4, 0, {}, {}, {}, 'op', 'k', '')",
            table.name,
            hex(address("k").as_bytes()),
            claim("k").fingerprint.recipe(),
            hex(&[5; 16]),
            hex(claim("k").fingerprint.digest()),
        ))
        .await;
    assert_eq!(kind(table.builder().migrate(false).open().await), StoreErrorKind::Misconfigured);
    settle_the_old_one(&table.open().await).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(table) = table().await else { return };
    drop(table.open().await);
    table.shell().await.run(format!("ALTER TABLE {} COMMENT = 'idem schema 99'", table.name)).await;
    assert_eq!(kind(table.builder().open().await), StoreErrorKind::UnknownFormat);
    assert_eq!(kind(table.builder().migrate(false).open().await), StoreErrorKind::UnknownFormat);
}

#[tokio::test]
async fn a_newer_row_is_neither_believed_nor_changed() {
    for dialect in [Dialect::MariaDb, Dialect::MySql] {
        let Some(table) = Table::new(dialect).await else { return };
        let (store, mut shell) = (table.open().await, table.shell().await);
        for change in ["format = 2", "state = 99", "recipe = 77", "after_crash = 5"] {
            let owner = win(&store, change).await;
            let row = format!("WHERE address = {}", hex(address(change).as_bytes()));
            shell.run(format!("UPDATE {} SET {change}, until = 5 {row}", table.name)).await;
            let sum = format!(
                "SELECT CAST(CRC32(CONCAT_WS('/', fence, until, attempts, format, state, after_crash, recipe, \
                 HEX(nonce), HEX(reply))) AS SIGNED) FROM {} {row}",
                table.name
            );
            let before = shell.number(&sum).await;
            assert_eq!(kind(store.claim(claim(change)).await), StoreErrorKind::UnknownFormat, "{change}");
            assert_eq!(kind(store.look_up(address(change)).await), StoreErrorKind::UnknownFormat, "{change}");
            if change.starts_with("format") || change.starts_with("state") {
                let complete = store.complete(completion(change, owner)).await;
                assert_eq!(kind(complete), StoreErrorKind::UnknownFormat);
            }
            let sweep = Sweep::new(namespace(), std::time::Duration::ZERO, RETENTION, 100);
            store.sweep(sweep).await.unwrap();
            store.reap(100).await.unwrap();
            assert_eq!(shell.number(&sum).await, before, "{change}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let Some(server) = require(MariaDb::start()) else { return };
    // In the database `test`, every user may do everything.
    Table::at(&server.url(), Dialect::MySql).shell().await.run("CREATE DATABASE shop").await;
    let table = Table::at(&server.url().replace("/test", "/shop"), Dialect::MySql);
    let store = table.open().await;
    let mut shell = table.shell().await;
    shell
        .run(format!("CREATE USER app IDENTIFIED BY 'secret'; GRANT SELECT ON shop.{} TO app", table.name))
        .await;
    let at = |user: &str, database: &str| table.url.replace("root", user).replace("/shop", database);

    let refused = [
        ("nonsense".to_owned(), StoreErrorKind::Misconfigured),
        ("mysql://root@127.0.0.1:1/shop".to_owned(), StoreErrorKind::Unavailable),
        (at("root", "/absent"), StoreErrorKind::Misconfigured),
        (at("root", ""), StoreErrorKind::Misconfigured),
        (at("app:wrong", "/shop"), StoreErrorKind::Misconfigured),
    ];
    for (url, expected) in refused {
        let error = MySqlStore::builder(&url).table("absent").open().await.unwrap_err();
        assert_eq!(error.kind(), expected, "{url}: {error:?}");
        assert!(!error.to_string().contains("wrong"), "no credentials in a message: {error}");
    }

    // It may look, and not write.
    let error = table.builder_by(&at("app:secret", "/shop")).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    assert!(error.to_string().contains("GRANT INSERT, UPDATE, DELETE ON `shop`."), "{error}");
    shell.run(format!("GRANT ALL ON shop.{} TO app; SET GLOBAL read_only = 1", table.name)).await;
    let error = table.builder_by(&at("app:secret", "/shop")).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("primary"), "{error}");
    shell.run("SET GLOBAL read_only = 0").await;
    let app = table.builder_by(&at("app:secret", "/shop")).open().await.unwrap();
    win(&app, "k").await;

    // A server that was restarted shows on the next operation, and is got over.
    win(&store, "before").await;
    server.kill().unwrap();
    assert_eq!(kind(store.claim(claim("l")).await), StoreErrorKind::Undecided);
    server.start_again().unwrap();
    win(&store, "l").await;
    server.stop().unwrap();
    server.start_again().unwrap();
    assert!(store.look_up(address("l")).await.unwrap().is_some());
    // The connection of this runtime too: a claim that met a broken one first would be undecided.
    win(&store, "m").await;

    let mut shell = table.shell().await;
    shell.run(format!("DROP TABLE {}", table.name)).await;
    assert_eq!(kind(store.claim(claim("new")).await), StoreErrorKind::Misconfigured);
}
