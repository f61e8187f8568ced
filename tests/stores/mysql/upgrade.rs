//! A migration in the middle of traffic, and two versions of idem on one table.

use std::time::Duration;

use idem_core::store::StoreErrorKind;
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_testing::servers::{MariaDb, require};

use super::{Shell, Table, hex};
use crate::support::*;

/// The schema of the version before.
const BEFORE: usize = 2;
/// Long enough for a statement that is not kept waiting.
const PATIENCE: Duration = Duration::from_secs(20);

impl Table {
    async fn of_the_version_before(&self) -> Shell {
        let mut shell = self.shell().await;
        for migration in MySqlStore::migrations(&self.name).unwrap().into_iter().take(BEFORE) {
            shell.run(migration).await;
        }
        shell.run(format!("SET SESSION lock_wait_timeout = {}", PATIENCE.as_secs())).await;
        shell
    }

    /// What a dump does: one long transaction.
    async fn reader(&self) -> Shell {
        let mut reader = self.shell().await;
        reader.run("START TRANSACTION").await;
        reader.number(format!("SELECT COUNT(*) FROM {}", self.name)).await;
        reader
    }

    /// Until a migration waits for the table.
    async fn until_waited_for(&self, shell: &mut Shell) {
        let waiting = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() \
             AND state LIKE 'Waiting for table metadata lock%' AND info LIKE '%ALTER TABLE%{}%'",
            self.name
        );
        let watch = async {
            while shell.number(&waiting).await == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, watch).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_behind_a_long_reader_keeps_no_statement_waiting() {
    let Some(table) = Table::new(Dialect::MySql).await else { return };
    let mut shell = table.of_the_version_before().await;
    let mut reader = table.reader().await;
    let opening = tokio::spawn(table.builder().timeout(PATIENCE).open());
    table.until_waited_for(&mut shell).await;

    // What processes of the version before do: neither waits for the reader.
    shell.number(format!("SELECT COUNT(*) FROM {}", table.name)).await;
    let old_claim = format!(
        "INSERT INTO {} (address, fence, until, created, attempts, format, state, after_crash, recipe, nonce, digest, \
         label, key_hint, reply) VALUES ({}, 7, 0, 7, 1, 1, 4, 0, {}, {}, {}, 'op', 'k', '')",
        table.name,
        hex(address("k").as_bytes()),
        claim("k").fingerprint.recipe(),
        hex(&[5; 16]),
        hex(claim("k").fingerprint.digest()),
    );
    shell.run(old_claim).await;

    // Who is in the way is named, and nothing is left behind that waits.
    let id = reader.number("SELECT CAST(CONNECTION_ID() AS SIGNED)").await;
    let error = table.builder().timeout(Duration::from_secs(2)).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = error.to_string();
    assert!(said.contains(&format!("session {id} ")) && said.contains("root"), "{said}");
    assert!(!said.contains("SELECT"), "no text of a statement: {said}");
    assert!(!opening.is_finished(), "the reader still reads");

    reader.run("COMMIT").await;
    let store = opening.await.unwrap().unwrap();
    settle_the_old_one(&store).await;
}

/// The lock of a migration belongs to the whole server.
#[tokio::test]
async fn another_that_migrates_for_ever_is_named_and_later_not_waited_for() {
    let Some(server) = require(MariaDb::start()) else { return };
    let table = Table::at(&server.url(), Dialect::MariaDb);
    let mut other = table.shell().await;
    other.run("DO GET_LOCK('idem.migrate', 0)").await;
    let id = other.number("SELECT CAST(CONNECTION_ID() AS SIGNED)").await;
    let error = table.builder().timeout(Duration::from_secs(1)).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains(&format!("session {id} ")), "{error}");
    other.run("DO RELEASE_LOCK('idem.migrate')").await;
    complete(&table.open().await, "k").await;

    // What is migrated already is opened without a lock.
    other.run(format!("DO GET_LOCK('idem.migrate', 0); LOCK TABLES {} WRITE", table.name)).await;
    for migrate in [true, false] {
        drop(table.builder().migrate(migrate).timeout(Duration::from_secs(1)).open().await.unwrap());
    }
}

#[tokio::test]
async fn a_newer_schema_that_leaves_room_for_this_code_is_used() {
    let Some(table) = Table::new(Dialect::MySql).await else { return };
    drop(table.open().await);
    let newer = "ALTER TABLE {} MODIFY COLUMN namespace VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin \
         NOT NULL DEFAULT '' COMMENT 'idem schema 99', ALGORITHM = INSTANT";
    table.shell().await.run(newer.replace("{}", &table.name)).await;
    for migrate in [true, false] {
        let store = table.builder().migrate(migrate).open().await.unwrap();
        complete(&store, &migrate.to_string()).await;
    }
}

/// Rows stay where they are.
#[tokio::test]
async fn the_migration_rewrites_no_table() {
    let Some(table) = Table::new(Dialect::MySql).await else { return };
    let mut shell = table.of_the_version_before().await;
    let migration = MySqlStore::migrations(&table.name).unwrap().pop().unwrap();
    shell.run(format!("{migration}, ALGORITHM = INSTANT")).await;
    complete(&table.builder().migrate(false).open().await.unwrap(), "k").await;
}
