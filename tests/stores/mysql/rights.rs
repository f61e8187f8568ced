//! What a user may not do, and what the server is set to: told when the store opens, or without effect.

use idem_core::protocol::{ClaimOutcome, WriteOutcome};
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::{Store, StoreErrorKind};
use idem_testing::servers::{MariaDb, require};

use super::Table;
use crate::support::*;

/// Each error names all that is missing, and running what it says is enough.
#[tokio::test]
async fn what_a_user_may_not_do_is_told_with_the_statement_that_mends_it() {
    let Some(server) = require(MariaDb::start()) else { return };
    let table = Table::at(&server.url(), Dialect::MariaDb);
    let mut shell = table.shell().await;
    shell.run("CREATE DATABASE `my-vault`; CREATE USER 'o''brien'@'%'; GRANT EXECUTE ON `my-vault`.* TO 'o''brien'@'%'").await;
    let url = format!("mysql://o%27brien@{}/my-vault", server.host_port());
    let open = async || MySqlStore::builder(&url).table("records").open().await;
    let told = async || {
        let error = open().await.expect_err("something is missing");
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{error}");
        let text = error.to_string();
        text.split("; ")
            .find_map(|part| part.strip_prefix("run: "))
            .unwrap_or_else(|| panic!("no statement in {text}"))
            .to_owned()
    };
    // No table yet.
    let grant = told().await;
    assert_eq!(
        grant,
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER ON `my-vault`.`records` TO 'o''brien'@'%'"
    );
    shell.run(grant).await;
    complete(&open().await.unwrap(), "first").await;
    for revoked in
        ["SELECT", "INSERT", "UPDATE", "DELETE", "INSERT, DELETE", "SELECT, INSERT, UPDATE, DELETE"]
    {
        shell.run(format!("REVOKE {revoked} ON `my-vault`.records FROM 'o''brien'@'%'")).await;
        let grant = told().await;
        assert_eq!(grant, format!("GRANT {revoked} ON `my-vault`.`records` TO 'o''brien'@'%'"));
        shell.run(grant).await;
        complete(&open().await.unwrap(), revoked).await;
    }
    // A migration.
    shell.run("ALTER TABLE `my-vault`.records DROP COLUMN handler_retention, DROP COLUMN handler_lease, DROP COLUMN namespace").await;
    shell.run("REVOKE ALTER, CREATE ON `my-vault`.records FROM 'o''brien'@'%'").await;
    let grant = told().await;
    assert_eq!(grant, "GRANT CREATE, ALTER ON `my-vault`.`records` TO 'o''brien'@'%'");
    shell.run(grant).await;
    complete(&open().await.unwrap(), "migrated").await;
}

/// Under each setting of the server.
#[tokio::test]
async fn settings_that_change_what_statements_mean_do_not_matter() {
    let Some(server) = require(MariaDb::start()) else { return };
    let mut shell = Table::at(&server.url(), Dialect::MariaDb).shell().await;
    for (number, setting) in [
        "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
        "sql_mode = 'ORACLE'",
        "sql_mode = ''",
        "time_zone = '+13:00'",
        "autocommit = 0",
        "tx_read_only = 1",
        "tx_isolation = 'SERIALIZABLE'",
        "sql_safe_updates = 1",
    ]
    .into_iter()
    .enumerate()
    {
        shell.run(format!("SET GLOBAL {setting}")).await;
        for dialect in [Dialect::MySql, Dialect::MariaDb] {
            let table = Table::at(&server.url(), dialect);
            let store = table.open().await;
            let odd: Vec<u8> = (0..=u8::MAX).chain(*b"\\x41\\'\"").collect();
            let key = format!("k\\'\" {number}");
            let owner = win(&store, &key).await;
            let completion = with(completion(&key, owner), |it| it.reply = odd.clone().into());
            assert_eq!(store.complete(completion).await.unwrap(), WriteOutcome::Applied);
            // Committed: another connection sees it.
            drop(store);
            let Ok(ClaimOutcome::Replay(replay)) = table.open().await.claim(claim(&key)).await else {
                panic!("no replay with {setting}")
            };
            assert_eq!(replay.reply.as_bytes(), odd, "{setting}");
        }
        shell.run(format!("SET GLOBAL {} = DEFAULT", setting.split(' ').next().unwrap())).await;
    }
}
