//! Opening, migrating, and what a store says when it cannot.

use idem_core::store::postgres::PostgresStore;
use idem_core::store::{Store, StoreErrorKind};

use super::Table;
use crate::support::*;

#[tokio::test]
async fn many_processes_may_open_it_first() {
    let Some(table) = Table::new() else { return };
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (url, name) = (table.url.clone(), table.name.clone());
        tasks.spawn(async move { PostgresStore::builder(&url).table(name).open().await.unwrap() });
    }
    for (number, store) in tasks.join_all().await.into_iter().enumerate() {
        complete(&store, &number.to_string()).await;
    }
}

#[tokio::test]
async fn the_printed_migrations_are_those_that_run() {
    let Some(table) = Table::new() else { return };
    let mut shell = table.shell().await;
    let schema = format!("{}_schema", table.name);
    shell.run(format!("CREATE SCHEMA {schema}")).await;
    let name = format!("{schema}.records");
    let closed = PostgresStore::builder(&table.url).table(&name).migrate(false);
    assert_eq!(kind(closed.clone().open().await), StoreErrorKind::Misconfigured);
    for migration in PostgresStore::migrations(&name).unwrap() {
        shell.run(migration).await;
    }
    complete(&closed.open().await.unwrap(), "k").await;
    assert_eq!(shell.number(format!("SELECT count(*) FROM {name}")).await, 1);
}

#[tokio::test]
async fn names_are_checked() {
    for name in ["", "x; DROP TABLE y", "Upper", "a.b.c"] {
        let open = PostgresStore::builder("postgres://localhost/nowhere").table(name).open().await;
        assert_eq!(kind(open), StoreErrorKind::Misconfigured);
        assert_eq!(kind(PostgresStore::migrations(name)), StoreErrorKind::Misconfigured);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_way_in_is_said() {
    let Some(table) = Table::new() else { return };
    let cases = [
        ("nonsense".to_owned(), StoreErrorKind::Misconfigured),
        ("postgres://postgres@127.0.0.1:1/postgres".to_owned(), StoreErrorKind::Unavailable),
        (
            table.url.replace("/postgres?", "/absent?").replace("5/postgres", "5/absent"),
            StoreErrorKind::Misconfigured,
        ),
    ];
    for (url, expected) in cases {
        if url == table.url {
            continue;
        }
        let error = PostgresStore::connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{url}: {error:?}");
        assert!(!error.to_string().contains("postgres@"), "no credentials in a message: {error}");
    }
}

#[tokio::test]
async fn a_table_of_the_first_schema_is_migrated_with_its_records() {
    let Some(table) = Table::new() else { return };
    let mut shell = table.shell().await;
    for migration in PostgresStore::migrations(&table.name).unwrap().into_iter().take(1) {
        shell.run(migration).await;
    }
    shell
        .run(format!(
            "INSERT INTO {} (fence, until, created, attempts, format, state, after_crash, recipe, address, nonce, \
             digest, label, key_hint, reply) VALUES (7, 0, 7, 1, 1, 4, 0, {}, '\\x{}', '\\x{}', '\\x{}', 'op', 'k', '')",
            table.name,
            claim("k").fingerprint.recipe(),
            hex(address("k").as_bytes()),
            hex(&[5; 16]),
            hex(claim("k").fingerprint.digest()),
        ))
        .await;
    let builder = PostgresStore::builder(&table.url).table(&table.name);
    assert_eq!(kind(builder.clone().migrate(false).open().await), StoreErrorKind::Misconfigured);
    settle_the_old_one(&table.open().await).await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(table) = Table::new() else { return };
    drop(table.open().await);
    let sql = "CREATE OR REPLACE FUNCTION {}_version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 99'";
    table.shell().await.run(sql.replace("{}", &table.name)).await;
    let open = PostgresStore::builder(&table.url).table(&table.name).open().await;
    assert_eq!(kind(open), StoreErrorKind::UnknownFormat);
}

#[tokio::test]
async fn a_newer_row_is_neither_believed_nor_changed() {
    let Some(table) = Table::new() else { return };
    let (store, mut shell) = (table.open().await, table.shell().await);
    for change in ["format = 2", "state = 99", "recipe = 77", "after_crash = 5"] {
        let owner = win(&store, change).await;
        let hex = hex(address(change).as_bytes());
        let row = format!("FROM {} t WHERE address = '\\x{hex}'", table.name);
        shell.run(format!("UPDATE {} SET {change}, until = 5 WHERE address = '\\x{hex}'", table.name)).await;
        let before = shell.number(format!("SELECT hashtextextended(t::text, 0) {row}")).await;
        assert_eq!(kind(store.claim(claim(change)).await), StoreErrorKind::UnknownFormat, "{change}");
        assert_eq!(kind(store.look_up(address(change)).await), StoreErrorKind::UnknownFormat, "{change}");
        if !change.starts_with("recipe") && !change.starts_with("after") {
            assert_eq!(kind(store.complete(completion(change, owner)).await), StoreErrorKind::UnknownFormat);
        }
        let sweep = idem_core::store::Sweep::new(namespace(), std::time::Duration::ZERO, RETENTION, 100);
        store.sweep(sweep).await.unwrap();
        store.reap(100).await.unwrap();
        if !change.starts_with("recipe") && !change.starts_with("after") {
            assert_eq!(
                shell.number(format!("SELECT hashtextextended(t::text, 0) {row}")).await,
                before,
                "{change}"
            );
        }
    }
}

#[tokio::test]
async fn a_table_that_was_dropped_is_missed() {
    let Some(table) = Table::new() else { return };
    let store = table.open().await;
    win(&store, "k").await;
    table.shell().await.run(format!("DROP TABLE {} CASCADE", table.name)).await;
    assert_eq!(kind(store.claim(claim("new")).await), StoreErrorKind::Misconfigured);
}
