//! A migration in the middle of traffic, and two versions of idem on one table.

use std::time::Duration;

use idem_core::store::StoreErrorKind;
use idem_core::store::postgres::{PostgresStore, PostgresStoreBuilder};

use super::{Shell, Table};
use crate::support::*;

/// The schema of the version before.
const BEFORE: usize = 4;
/// Long enough for a statement that is not kept waiting.
const PATIENCE: Duration = Duration::from_secs(20);

impl Table {
    async fn of_the_version_before(&self) -> Shell {
        let mut shell = self.shell().await;
        for migration in PostgresStore::migrations(&self.name).unwrap().into_iter().take(BEFORE) {
            shell.run(migration).await;
        }
        shell.run(format!("SET statement_timeout = {}", PATIENCE.as_millis())).await;
        shell
    }

    fn builder(&self) -> PostgresStoreBuilder {
        PostgresStore::builder(&self.url).table(&self.name)
    }

    /// What a dump does: one long transaction.
    async fn reader(&self) -> Shell {
        let mut reader = self.shell().await;
        reader.run("SET application_name = 'a long dump'; BEGIN").await;
        reader.number(format!("SELECT count(*) FROM {}", self.name)).await;
        reader
    }

    /// Until a statement waits for the table, or none does.
    async fn until_waited_for(&self, shell: &mut Shell, waited_for: bool) {
        let waiting = format!(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = to_regclass('{}')",
            self.name
        );
        let watch = async {
            while (shell.number(&waiting).await > 0) != waited_for {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, watch).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_behind_a_long_reader_keeps_no_statement_waiting() {
    let Some(table) = Table::new() else { return };
    let mut shell = table.of_the_version_before().await;
    let mut reader = table.reader().await;
    let opening = tokio::spawn(table.builder().timeout(PATIENCE).open());
    table.until_waited_for(&mut shell, true).await;

    // What processes of the version before do: neither waits for the reader.
    shell.number(format!("SELECT count(*) FROM {}", table.name)).await;
    let old_claim = format!(
        "INSERT INTO {} (fence, until, created, attempts, format, state, after_crash, recipe, address, nonce, digest, \
         label, key_hint, reply) VALUES (7, 0, 7, 1, 1, 4, 0, {}, '\\x{}', '\\x{}', '\\x{}', 'op', 'k', '')",
        table.name,
        claim("k").fingerprint.recipe(),
        hex(address("k").as_bytes()),
        hex(&[5; 16]),
        hex(claim("k").fingerprint.digest()),
    );
    shell.run(old_claim).await;

    // Who is in the way is named, and nothing is left behind that waits.
    let pid = reader.number("SELECT pg_backend_pid()::bigint").await;
    let error = table.builder().timeout(Duration::from_secs(1)).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = error.to_string();
    assert!(said.contains(&format!("session {pid} ")) && said.contains("a long dump"), "{said}");
    assert!(!said.contains("SELECT"), "no text of a statement: {said}");
    assert!(!opening.is_finished(), "the reader still reads");

    reader.run("COMMIT").await;
    let store = opening.await.unwrap().unwrap();
    settle_the_old_one(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opening_that_is_given_up_leaves_nothing_that_waits() {
    let Some(table) = Table::new() else { return };
    let mut shell = table.of_the_version_before().await;
    let reader = table.reader().await;
    let opening = tokio::spawn(table.builder().timeout(PATIENCE).open());
    table.until_waited_for(&mut shell, true).await;
    opening.abort();
    table.until_waited_for(&mut shell, false).await;
    drop(reader);
}

#[tokio::test]
async fn what_is_migrated_already_is_opened_without_a_lock() {
    let Some(table) = Table::new() else { return };
    drop(table.open().await);
    let mut shell = table.shell().await;
    let lock = "BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; SELECT pg_advisory_xact_lock(1768187245)";
    shell.run(lock.replace("{}", &table.name)).await;
    for migrate in [true, false] {
        drop(table.builder().migrate(migrate).open().await.unwrap());
    }
}

/// The advisory lock belongs to the whole database.
#[tokio::test]
async fn another_that_migrates_for_ever_is_named() {
    let Some(server) = idem_testing::servers::require(idem_testing::servers::Postgres::start()) else {
        return;
    };
    let table = Table::at(&server.url());
    let mut other = table.shell().await;
    other.run("SET application_name = 'another'; BEGIN; SELECT pg_advisory_xact_lock(1768187245)").await;
    let error = table.builder().timeout(Duration::from_secs(1)).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("another"), "{error}");
    other.run("COMMIT").await;
    complete(&table.open().await, "k").await;
}

#[tokio::test]
async fn a_newer_schema_that_leaves_room_for_this_code_is_used() {
    let Some(table) = Table::new() else { return };
    drop(table.open().await);
    let sql = "CREATE OR REPLACE FUNCTION {}_schema() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 99'";
    table.shell().await.run(sql.replace("{}", &table.name)).await;
    for migrate in [true, false] {
        let store = table.builder().migrate(migrate).open().await.unwrap();
        complete(&store, &migrate.to_string()).await;
    }
}

/// Processes of the version before call them, on a table that has columns which these do not know.
#[tokio::test]
async fn the_functions_of_the_version_before_go_on() {
    let Some(table) = Table::new() else { return };
    let owner = win(&table.open().await, "k").await;
    let mut shell = table.shell().await;
    let (at, nonce) = (hex(address("k").as_bytes()), hex(owner.nonce.as_bytes()));
    let mut yes = async |call: &str| {
        let call = call.replace("{}", &table.name).replace("{at}", &format!("'\\x{at}'::bytea"));
        let call = call.replace("{nonce}", &format!("'\\x{nonce}'::bytea"));
        let call = call.replace("{fence}", &owner.fence.as_u64().to_string());
        shell.number(format!("SELECT ({call})::int::bigint")).await == 1
    };
    assert!(yes("SELECT count(*) FROM {}_load(ARRAY[{at}]) WHERE r_state = 1").await);
    assert!(
        yes("SELECT count(*) FROM {}_renew(ARRAY[{at}], ARRAY[{fence}], ARRAY[{nonce}], ARRAY[9])").await
    );
    let unchanged = "SELECT {}_change({at}, 1::smallint, 7, {nonce}, 7, 2::smallint, 7, {nonce}, 7, 1, 0::smallint, \
         0::smallint, {at}, 7, 'op', 'k', {at}, '')";
    assert!(!yes(unchanged).await, "it is another owner's");
    assert!(yes("SELECT r_released + 1 FROM {}_sweep(9, 9, 9)").await);
    assert!(!yes("SELECT {}_holds_here({at}, {nonce})").await, "another transaction wrote it");
    assert!(
        !yes("SELECT {}_finish_here({at}, {fence}, {nonce}, 9, {at})").await,
        "another transaction wrote it"
    );
    let many = "SELECT count(*) FROM {}_finish(ARRAY[{at}], ARRAY[{fence}], ARRAY[{nonce}], ARRAY[4]::smallint[], \
         ARRAY[1]::smallint[], ARRAY[NULL]::bigint[], ARRAY[{at}])";
    assert!(yes(many).await);
    assert!(yes("SELECT {}_finish_one({at}, {fence}, {nonce}, 2::smallint, 4::smallint, 0, {at})").await);
    assert!(yes("SELECT {}_reap(9)").await);
    let new = "SELECT count(*) FROM (SELECT {}_claim_here(7, 9, {at}, {nonce}, 0::smallint, 0::smallint, {at}, 'op', 'k'))\
         AS done";
    assert!(yes(new).await);
}
