//! What a user may not do, and what the server is set to: told when the store opens, or without effect.

use idem_core::protocol::{ClaimOutcome, WriteOutcome};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::{Batch, Store, StoreErrorKind};
use idem_testing::servers::{Postgres, require};

use super::{Shell, Table, with_options};
use crate::support::*;

/// A server of the test's own, on which a user and a schema make no trouble for others.
struct Own {
    _server: Postgres,
    table: Table,
    shell: Shell,
}

impl Own {
    async fn start() -> Option<Self> {
        let server = require(Postgres::start())?;
        let table = Table::at(&server.url());
        let mut shell = table.shell().await;
        shell.run("CREATE ROLE clerk LOGIN; CREATE SCHEMA vault").await;
        Some(Self { _server: server, table, shell })
    }

    /// The address for the role without rights.
    fn as_clerk(&self) -> String {
        self.table.url.replace("://postgres@", "://clerk@")
    }

    async fn open(&self, migrate: bool) -> Result<PostgresStore, idem_core::store::StoreError> {
        PostgresStore::builder(&self.as_clerk()).table("vault.records").migrate(migrate).open().await
    }

    /// What the error says must be run.
    async fn told(&self, migrate: bool) -> String {
        let error = self.open(migrate).await.expect_err("something is missing");
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{error}");
        let text = error.to_string();
        text.split('`').nth(1).unwrap_or_else(|| panic!("no statement in {text}")).to_owned()
    }
}

/// Each error names all that is missing, and running what it says is enough.
#[tokio::test]
async fn what_a_user_may_not_do_is_told_with_the_statements_that_mend_it() {
    let Some(mut own) = Own::start().await else { return };
    // No table yet.
    let told = own.told(true).await;
    assert!(told.contains("CREATE ON SCHEMA vault TO clerk"), "{told}");
    drop(PostgresStore::builder(&own.table.url).table("vault.records").open().await.unwrap());
    for revoked in [
        "ALL ON vault.records",
        "INSERT ON vault.records",
        "UPDATE, DELETE ON vault.records",
        "USAGE ON SCHEMA vault",
        "EXECUTE ON FUNCTION vault.records_reap(integer)",
        "EXECUTE ON FUNCTION vault.records_version()",
    ] {
        own.shell
            .run(
                "REVOKE ALL ON SCHEMA vault FROM clerk; REVOKE ALL ON vault.records FROM clerk; \
                 REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA vault FROM PUBLIC, clerk; \
                 GRANT USAGE ON SCHEMA vault TO clerk; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA vault TO clerk; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON vault.records TO clerk",
            )
            .await;
        own.shell.run(format!("REVOKE {revoked} FROM clerk")).await;
        let told = own.told(true).await;
        own.shell.run(told.clone()).await;
        let store = own.open(true).await.unwrap_or_else(|error| panic!("after {told}: {error}"));
        complete(&store, revoked).await;
    }
    // Several at once.
    own.shell.run("REVOKE ALL ON SCHEMA vault FROM clerk; REVOKE ALL ON vault.records FROM clerk").await;
    let told = own.told(false).await;
    assert!(told.contains("USAGE ON SCHEMA") && told.contains("SELECT, INSERT, UPDATE, DELETE"), "{told}");
    // A migration needs the table's owner.
    own.shell.run(told).await;
    own.shell.run("DROP FUNCTION vault.records_schema()").await;
    let told = own.told(true).await;
    assert!(
        told.contains("CREATE ON SCHEMA vault") && told.contains("vault.\"records\" OWNER TO clerk"),
        "{told}"
    );
}

/// Where the schema is found by the search path. An owner who looks elsewhere runs what the error says.
#[tokio::test]
async fn what_is_missing_where_no_schema_is_named_is_told_so_that_it_can_be_run() {
    let Some(mut own) = Own::start().await else { return };
    own.shell.run("REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE SCHEMA app").await;
    for (path, has_table) in
        [("app", false), ("app", true), ("\"$user\"", false), ("missing", false), ("app, vault", true)]
    {
        own.shell
            .run("DROP SCHEMA app CASCADE; CREATE SCHEMA app; DROP SCHEMA IF EXISTS clerk, missing CASCADE")
            .await;
        own.shell.run("GRANT USAGE, CREATE ON SCHEMA vault TO clerk; SET search_path = vault").await;
        if has_table {
            let url = with_options(&own.table.url, "-c search_path=app");
            drop(PostgresStore::connect(&url).await.unwrap());
            own.shell.run("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC").await;
        }
        let url = with_options(&own.as_clerk(), &format!("-c search_path={}", path.replace(' ', "\\ ")));
        let open = async || PostgresStore::builder(&url).open().await;
        let mut tries = 0;
        let store = loop {
            match open().await {
                Ok(store) => break store,
                Err(error) => {
                    let told = error.to_string();
                    tries += 1;
                    assert!(tries <= 2 && error.kind() == StoreErrorKind::Misconfigured, "{path}: {told}");
                    let statement =
                        told.split('`').nth(1).unwrap_or_else(|| panic!("{path}: {told}")).to_owned();
                    assert!(!statement.contains("public"), "{path}: {statement}");
                    own.shell.run(statement).await;
                }
            }
        };
        assert!(tries > 0, "{path}");
        complete(&store, path).await;
        if has_table {
            own.shell.run("DELETE FROM app.idem_record WHERE false").await;
        }
    }
}

#[tokio::test]
async fn row_level_security_is_told_at_once() {
    let Some(mut own) = Own::start().await else { return };
    drop(PostgresStore::builder(&own.table.url).table("vault.records").open().await.unwrap());
    own.shell
        .run(
            "GRANT USAGE ON SCHEMA vault TO clerk; GRANT SELECT, INSERT, UPDATE, DELETE ON vault.records TO clerk; \
             ALTER TABLE vault.records ENABLE ROW LEVEL SECURITY",
        )
        .await;
    let told = own.told(true).await;
    own.shell.run(told).await;
    complete(&own.open(true).await.unwrap(), "k").await;
}

/// The driver would connect to this machine, and the server would quote the password as the name of a database.
#[tokio::test]
async fn a_url_of_another_scheme_is_refused_without_a_word_of_it() {
    for url in [
        "app:hunter2@db.internal",
        "app:hunter2@db.internal/shop",
        "postgres:/app:hunter2@db/shop",
        "http://hunter2",
        "",
    ] {
        let error = PostgresStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{error}");
        let other = url.replace("postgres", "mysql");
        let other = idem_core::store::mysql::MySqlStore::connect(&other).await.unwrap_err();
        assert_eq!(other.kind(), StoreErrorKind::Misconfigured, "{other}");
        for shown in [format!("{error:?} {error}"), format!("{other:?} {other}")] {
            assert!(!shown.contains("hunter2") && shown.contains("://"), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_session_that_may_not_write_is_told_at_once() {
    let Some(table) = Table::new() else { return };
    drop(table.open().await);
    let url = with_options(&table.url, "-c default_transaction_read_only=on");
    let error = PostgresStore::builder(&url).table(&table.name).open().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Misconfigured);
    assert!(error.to_string().contains("default_transaction_read_only"), "{error}");
}

/// Under each setting of the server, the database and the user.
#[tokio::test]
async fn settings_that_change_what_statements_mean_do_not_matter() {
    let Some(table) = Table::new() else { return };
    drop(table.open().await);
    for setting in [
        "bytea_output=escape",
        "standard_conforming_strings=off",
        "default_transaction_isolation=serializable",
        "default_transaction_isolation=repeatable\\ read",
        "default_transaction_deferrable=on",
        "extra_float_digits=-15",
        "DateStyle=German",
        "IntervalStyle=postgres_verbose",
        "TimeZone=Pacific/Auckland",
        "client_encoding=LATIN1",
    ] {
        let url = with_options(&table.url, &format!("-c {setting}"));
        for through_pooler in [false, true] {
            let store = PostgresStore::builder(&url)
                .table(&table.name)
                .through_pooler(through_pooler)
                .open()
                .await
                .unwrap_or_else(|error| panic!("{setting}: {error:?}"));
            let key = |name: &str| format!("{name} {setting} {through_pooler}");
            // Bytes that each form of text would spoil.
            let odd: Vec<u8> = (0..=u8::MAX).chain(*b"\\x41\\101'").collect();
            let owner = win(&store, &key("a")).await;
            let completion = with(completion(&key("a"), owner), |it| it.reply = odd.clone().into());
            assert_eq!(store.complete(completion).await.unwrap(), WriteOutcome::Applied);
            let Ok(ClaimOutcome::Replay(replay)) = store.claim(claim(&key("a"))).await else {
                panic!("no replay with {setting}")
            };
            assert_eq!(replay.reply.as_bytes(), odd, "{setting}");
            let many = (0..20).map(|number| claim(&key(&format!("batch {number}")))).collect();
            for answer in store.claim_batch(Batch::new(many).0).await {
                owner_in(answer);
            }
            let listed = store.list(idem_core::store::Page::new(
                namespace(),
                idem_core::protocol::StateKind::Running,
                None,
                100,
            ));
            assert!(listed.await.unwrap().len() >= 20, "{setting}");
        }
    }
}
