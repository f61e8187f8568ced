//! A server whose every default is the wrong one: the store sets what it needs for itself.

use std::sync::OnceLock;
use std::time::Duration;

use idem_core::protocol::ClaimOutcome;
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::{Batch, Store, StoreErrorKind};
use idem_testing::Backend;
use idem_testing::servers::{MariaDb, require};

use super::locks::{PATIENT, blocked, insert_uncommitted};
use super::{Shell, Table};
use crate::support::*;

/// What no connection of the store must inherit.
const DEFAULTS: &str = "SET GLOBAL autocommit = 0, tx_isolation = 'REPEATABLE-READ', sql_mode = 'ANSI,ORACLE', \
     time_zone = '-11:30', sql_select_limit = 1, sql_safe_updates = 1, character_set_server = 'latin1', \
     max_allowed_packet = 4194304";

fn server() -> Option<&'static MariaDb> {
    static ONE: OnceLock<Option<MariaDb>> = OnceLock::new();
    ONE.get_or_init(|| {
        // Clients do not choose how they are understood.
        require(MariaDb::builder().setting("character-set-client-handshake", "0").start())
    })
    .as_ref()
}

async fn odd(dialect: Dialect) -> Option<Table> {
    let table = Table::at(&server()?.url(), dialect);
    table.shell().await.run(DEFAULTS).await;
    Some(table)
}

/// Sound again.
async fn shell(table: &Table) -> Shell {
    let mut shell = table.shell().await;
    shell.run("SET autocommit = 1, sql_mode = ''").await;
    shell
}

struct Records(Option<Table>);

impl Records {
    async fn mariadb() -> Self {
        Self(odd(Dialect::MariaDb).await)
    }

    async fn mysql() -> Self {
        Self(odd(Dialect::MySql).await)
    }
}

impl Backend for Records {
    type Store = MySqlStore;

    async fn open(&self) -> MySqlStore {
        self.0.as_ref().unwrap().open().await
    }

    fn is_there(&self) -> bool {
        self.0.is_some()
    }
}

idem_testing::conformance!(mariadb, Records::mariadb().await);
idem_testing::conformance!(mysql, Records::mysql().await);

#[tokio::test]
async fn a_stale_repeatable_read_is_not_believed() {
    for dialect in [Dialect::MariaDb, Dialect::MySql] {
        let Some(table) = odd(dialect).await else { return };
        let [one, other] = [table.open().await, table.open().await];
        // A snapshot, were there a transaction to hold it.
        assert!(one.look_up(address("k")).await.unwrap().is_none());
        let owner = complete(&other, "k").await;
        assert_eq!(one.look_up(address("k")).await.unwrap().unwrap().owner, owner);
        let (batch, _) = Batch::new(["k", "l"].map(claim).to_vec());
        let answers = one.claim_batch(batch).await;
        let replays = answers.iter().filter(|a| matches!(a, Ok(ClaimOutcome::Replay(_)))).count();
        let won = answers.iter().filter(|a| matches!(a, Ok(ClaimOutcome::Won(_)))).count();
        assert_eq!((replays, won), (1, 1), "{answers:?}");
        // Committed: another sees it.
        assert!(other.look_up(address("l")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn gaps_are_not_locked() {
    for dialect in [Dialect::MariaDb, Dialect::MySql] {
        let Some(table) = odd(dialect).await else { return };
        let store = table.builder().timeout(PATIENT).open().await.unwrap();
        let (mut rival, mut watch) = (shell(&table).await, shell(&table).await);
        insert_uncommitted(&mut rival, &table, "k").await;
        let mut claim = store.claim(claim("k"));
        tokio::select! {
            _ = &mut claim => panic!("the rival is not decided"),
            () = blocked(&mut watch, &table, "INSERT") => {}
        }
        // While it waits, its transaction can be seen; anew only for who looks less often than ten times a second.
        let level = format!(
            "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_isolation_level = 'READ COMMITTED' \
             AND trx_query LIKE 'INSERT%{}%'",
            table.name
        );
        until("the claim is read committed", async || {
            tokio::time::sleep(Duration::from_millis(150)).await;
            (watch.number(&level).await > 0).then_some(())
        })
        .await;
        rival.run("ROLLBACK").await;
        owner_in(claim.await);
    }
}

#[tokio::test]
async fn session_time_zones_do_not_matter() {
    for dialect in [Dialect::MariaDb, Dialect::MySql] {
        let Some(table) = odd(dialect).await else { return };
        let mut shell = shell(&table).await;
        let west = table.open().await;
        // Also for connections that are open already: the server's time zone has no influence.
        let owner = win(&west, "k").await;
        shell.run("SET GLOBAL time_zone = '+13:00'").await;
        let east = table.open().await;
        let Ok(ClaimOutcome::InFlight { lease_left }) = east.claim(claim("k")).await else {
            panic!("in flight")
        };
        assert!(lease_left <= LEASE && lease_left > Duration::ZERO, "{lease_left:?}");
        let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
        let apart = here.abs_diff(owner.fence.as_u64().into());
        assert!(
            apart < Duration::from_hours(1).as_micros(),
            "a fence is the time in microseconds since 1970"
        );
    }
}

#[tokio::test]
async fn a_reply_that_the_server_would_hang_up_on_is_refused() {
    for dialect in [Dialect::MariaDb, Dialect::MySql] {
        let Some(table) = odd(dialect).await else { return };
        let store = table.open().await;
        let [large, small] = [("large", 48 << 20), ("small", 3 << 20)];
        let mut completions = Vec::new();
        for (key, size) in [large, small] {
            let owner = win(&store, key).await;
            completions.push(with(completion(key, owner), |it| it.reply = vec![b'r'; size].into()));
        }
        let (batch, _) = Batch::new(completions);
        let order: Vec<_> = batch.iter().map(|completion| completion.address).collect();
        for (at, answer) in order.into_iter().zip(store.complete_batch(batch).await) {
            if at == address("large") {
                let error = answer.unwrap_err();
                assert_eq!(error.kind(), StoreErrorKind::Unstorable);
                assert!(error.to_string().contains("max_allowed_packet"), "{error}");
            } else {
                assert!(answer.is_ok(), "{answer:?}");
            }
        }
    }
}
