//! Transactions that end behind the handler's back, or by its own hand.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::tx::{MySqlTx, PgTx, SqliteTx};
use idem_core::{Refused, idempotent};
use sqlx::{AssertSqlSafe, Connection};

use crate::world::{App, World, ask, ask_at};

macro_rules! traps {
    ($name:ident, $Db:ty, $Tx:ident, $dialect:literal) => {
        mod $name {
            use super::*;

            /// Writes "before", sends what it is told to, and writes "after", also if the database refuses some of it.
            /// With a `!` in front, it fails in the end.
            #[idempotent]
            async fn act(
                State(app): State<App>,
                #[tx] tx: &mut $Tx<'_>,
                Json(statement): Json<String>,
            ) -> Result<String, Refused> {
                app.runs.fetch_add(1, Ordering::SeqCst);
                let insert = |note| AssertSqlSafe(format!("INSERT INTO {} VALUES ('{note}', 1)", app.ledger));
                sqlx::raw_sql(insert("before")).execute(&mut **tx).await.unwrap();
                let statement = statement.replace("{ledger}", &app.ledger);
                let sent = statement.trim_start_matches('!').to_owned();
                if sent.starts_with(FAILED_SAVEPOINT) {
                    // The driver rolls all of it back, and takes the transaction for ended.
                    let _failed = tx.begin_with("SAVEPOINT by_hand").await;
                } else {
                    let _ended = sqlx::raw_sql(AssertSqlSafe(sent.clone())).execute(&mut **tx).await;
                }
                if sent == SAVEPOINT_THEN {
                    if let Ok(mut inner) = tx.begin().await {
                        let _inside = sqlx::raw_sql(insert("inside")).execute(&mut *inner).await;
                        let _committed = inner.commit().await;
                    }
                }
                let _after = sqlx::raw_sql(insert("after")).execute(&mut **tx).await;
                if statement.starts_with('!') {
                    Err(Refused::HandlerPanicked)
                } else {
                    Ok("happy".to_owned())
                }
            }

            /// Calls another service, and does not know what came of it; then its transaction ends.
            #[idempotent(on_error = unknown)]
            async fn doubtful(
                State(app): State<App>,
                #[tx] tx: &mut $Tx<'_>,
                Json(statement): Json<String>,
            ) -> Result<String, Refused> {
                app.runs.fetch_add(1, Ordering::SeqCst);
                let insert = format!("INSERT INTO {} VALUES ('before', 1)", app.ledger);
                sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut **tx).await.unwrap();
                let sent = statement.replace("{ledger}", &app.ledger);
                let _ended = sqlx::raw_sql(AssertSqlSafe(sent)).execute(&mut **tx).await;
                Err(Refused::HandlerPanicked)
            }

            /// Whether there is a key or not.
            #[idempotent(optional)]
            async fn keyless(
                State(app): State<App>,
                #[tx] tx: &mut $Tx<'_>,
                Json(statement): Json<String>,
            ) -> Result<String, Refused> {
                let insert = |note| AssertSqlSafe(format!("INSERT INTO {} VALUES ('{note}', 1)", app.ledger));
                sqlx::raw_sql(insert("before")).execute(&mut **tx).await.unwrap();
                let statement = statement.replace("{ledger}", &app.ledger);
                let _ended = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut **tx).await;
                let _after = sqlx::raw_sql(insert("after")).execute(&mut **tx).await;
                Ok("happy".to_owned())
            }

            /// Begins a nested transaction that it never ends, and writes in it.
            #[idempotent(optional)]
            async fn leak(
                State(app): State<App>,
                #[tx] tx: &mut $Tx<'_>,
                Json(fails): Json<bool>,
            ) -> Result<String, Refused> {
                app.runs.fetch_add(1, Ordering::SeqCst);
                let _open = std::mem::ManuallyDrop::new(tx.begin().await.unwrap());
                let insert = AssertSqlSafe(format!("INSERT INTO {} VALUES ('inside', 1)", app.ledger));
                sqlx::raw_sql(insert).execute(&mut **tx).await.unwrap();
                if fails { Err(Refused::HandlerPanicked) } else { Ok("happy".to_owned()) }
            }

            /// May run again after a conflict.
            #[idempotent(tx_retries = 3)]
            async fn retried(
                State(app): State<App>,
                #[tx] tx: &mut $Tx<'_>,
                Json(statement): Json<String>,
            ) -> Result<String, Refused> {
                app.runs.fetch_add(1, Ordering::SeqCst);
                let sent = AssertSqlSafe(statement.replace("{ledger}", &app.ledger));
                sqlx::raw_sql(sent).execute(&mut **tx).await.unwrap();
                Ok("happy".to_owned())
            }

            pub(super) async fn world() -> Option<(World<$Db>, Router)> {
                crate::world::VARIANT.set($dialect);
                let world = World::<$Db>::new().await?;
                let router = router(&world).await;
                Some((world, router))
            }

            /// A router of another process.
            pub(super) async fn router(world: &World<$Db>) -> Router {
                let layer = world.process().await.layer();
                Router::new()
                    .route("/act", post(act))
                    .route("/doubtful", post(doubtful))
                    .route("/keyless", post(keyless))
                    .route("/leak", post(leak))
                    .route("/retried", post(retried))
                    .layer(layer)
                    .with_state(world.app.clone())
            }
        }
    };
}
traps!(sqlite, sqlx::Sqlite, SqliteTx, false);
traps!(postgres, sqlx::Postgres, PgTx, false);
traps!(postgres_with_begin, sqlx::Postgres, PgTx, true);
traps!(mariadb, sqlx::MySql, MySqlTx, false);
traps!(mysql, sqlx::MySql, MySqlTx, true);

/// `Transaction::begin_with`, inside of a transaction.
const FAILED_SAVEPOINT: &str = "savepoint";
/// The same, and one that does not fail.
const SAVEPOINT_THEN: &str = "savepoint, and another";

fn json(statement: &str) -> String {
    serde_json::to_string(statement).unwrap()
}

/// What one is told whose transaction was undone in the middle, and nothing slipped out.
macro_rules! undone {
    ($module:ident, $statement:expr, $status:literal, $code:literal) => {
        let Some((world, router)) = $module::world().await else { return };
        for run in 1..=2 {
            let answer = ask(&router, "k", &json($statement)).await;
            assert!(answer.is($status, $code), "{answer:?}");
            assert_eq!((world.rows().await, world.runs()), (0, run));
        }
        // The connection is as it was, or gone.
        let answer = ask(&router, "k2", &json("SELECT 1")).await;
        assert!(answer.is(200, "happy"), "{answer:?}");
        assert_eq!(world.rows().await, 2);
    };
}

/// What one is told whose transaction was committed in the middle, or who wrote outside of one.
macro_rules! unknown {
    ($module:ident, $statement:expr) => {
        let Some((world, router)) = $module::world().await else { return };
        for _ in 0..2 {
            let answer = ask(&router, "k", &json($statement)).await;
            assert!(answer.is(409, "outcome-unknown"), "{answer:?}");
            assert_eq!(world.runs(), 1);
        }
    };
}

#[tokio::test]
async fn sqlite_undoes_it_for_a_conflict() {
    undone!(sqlite, "INSERT OR ROLLBACK INTO {ledger} VALUES ('before', 1)", 500, "transaction-aborted");
}

#[tokio::test]
async fn sqlite_is_kept_from_committing() {
    undone!(sqlite, "COMMIT", 500, "transaction-aborted");
}

#[tokio::test]
async fn sqlite_is_rolled_back_by_the_handler() {
    undone!(sqlite, "ROLLBACK", 500, "transaction-aborted");
}

#[tokio::test]
async fn sqlite_is_rolled_back_and_begun_anew_by_the_handler() {
    undone!(sqlite, "ROLLBACK; BEGIN IMMEDIATE", 503, "transaction-conflict");
}

#[tokio::test]
async fn mariadb_is_rolled_back_by_the_handler() {
    undone!(mariadb, "ROLLBACK", 503, "transaction-conflict");
}

#[tokio::test]
async fn mysql_is_rolled_back_and_begun_anew_by_the_handler() {
    undone!(mysql, "ROLLBACK; START TRANSACTION", 503, "transaction-conflict");
}

#[tokio::test]
async fn mariadb_commits_for_a_change_of_a_table() {
    unknown!(mariadb, "CREATE TABLE {ledger}_more (id INT)");
}

#[tokio::test]
async fn mysql_is_committed_by_the_handler() {
    unknown!(mysql, "COMMIT");
}

#[tokio::test]
async fn postgres_is_committed_by_the_handler() {
    unknown!(postgres, "COMMIT");
}

#[tokio::test]
async fn postgres_is_committed_and_begun_anew_by_the_handler() {
    unknown!(postgres, "COMMIT; BEGIN");
}

/// What follows is written in no transaction, and refused.
#[tokio::test]
async fn postgres_is_rolled_back_by_the_handler() {
    undone!(postgres, "ROLLBACK", 500, "transaction-aborted");
}

#[tokio::test]
async fn postgres_is_rolled_back_by_a_handler_that_goes_on_in_another_transaction() {
    undone!(
        postgres,
        "ROLLBACK; BEGIN; INSERT INTO {ledger} VALUES ('more', 1); COMMIT",
        500,
        "transaction-aborted"
    );
}

/// The same end as after a deadlock whose error was ignored.
#[tokio::test]
async fn mariadb_commits_nothing_by_itself_after_a_rollback() {
    undone!(mariadb, "ROLLBACK; SET autocommit = 1", 503, "transaction-conflict");
}

#[tokio::test]
async fn mariadb_commits_nothing_for_a_change_of_a_table_after_a_rollback() {
    undone!(
        mariadb,
        "ROLLBACK; INSERT INTO {ledger} VALUES ('more', 1); TRUNCATE TABLE {ledger}",
        503,
        "transaction-conflict"
    );
}

#[tokio::test]
async fn mysql_commits_nothing_in_another_transaction_after_a_rollback() {
    undone!(
        mysql,
        "ROLLBACK; START TRANSACTION; INSERT INTO {ledger} VALUES ('more', 1); COMMIT",
        503,
        "transaction-conflict"
    );
}

#[tokio::test]
async fn postgres_that_claimed_with_begin_is_committed_by_the_handler() {
    unknown!(postgres_with_begin, "COMMIT");
}

/// What was committed in the middle stays, so a failure afterwards is no "nothing happened".
#[tokio::test]
async fn mysql_is_committed_by_a_handler_that_fails() {
    unknown!(mysql, "!COMMIT");
}

#[tokio::test]
async fn mariadb_commits_for_a_change_of_a_table_by_a_handler_that_fails() {
    unknown!(mariadb, "!CREATE TABLE {ledger}_more (id INT)");
}

#[tokio::test]
async fn postgres_is_committed_by_a_handler_that_fails() {
    unknown!(postgres, "!COMMIT");
}

macro_rules! savepoints {
    ($($test:ident $module:ident $statement:expr;)*) => {$(
        #[tokio::test]
        async fn $test() {
            undone!($module, $statement, 500, "transaction-aborted");
            // Returned as the error that it is, it is an answer like another.
            let Some((world, router)) = $module::world().await else { return };
            for run in 1..=2 {
                let answer = ask(&router, "k", &json(&format!("!{}", $statement))).await;
                assert!(answer.is(500, "handler-panicked"), "{answer:?}");
                assert_eq!((world.rows().await, world.runs()), (0, run));
            }
        }
    )*};
}
// The driver's own rollback is none of the handler's, and nothing that follows it is committed.
savepoints! {
    sqlite_is_ended_by_a_savepoint_that_fails sqlite FAILED_SAVEPOINT;
    postgres_is_ended_by_a_savepoint_that_fails postgres FAILED_SAVEPOINT;
    mariadb_is_ended_by_a_savepoint_that_fails mariadb FAILED_SAVEPOINT;
    mysql_is_ended_by_a_savepoint_that_fails mysql FAILED_SAVEPOINT;
    mariadb_commits_nothing_by_a_savepoint_after_one_that_failed mariadb SAVEPOINT_THEN;
    postgres_commits_nothing_by_a_savepoint_after_one_that_failed postgres SAVEPOINT_THEN;
}

macro_rules! doubtful {
    ($($test:ident $module:ident $statement:literal;)*) => {$(
        #[tokio::test]
        async fn $test() {
            let Some((world, router)) = $module::world().await else { return };
            for _ in 0..2 {
                let answer = ask_at(&router, "/doubtful", Some("k"), &json($statement)).await;
                assert!(answer.is(409, "outcome-unknown"), "{answer:?}");
                assert_eq!((world.rows().await, world.runs()), (0, 1));
            }
        }
    )*};
}
// That the database undid what was done in it says nothing about what was done elsewhere.
doubtful! {
    sqlite_undoes_a_doubtful_one sqlite "INSERT OR ROLLBACK INTO {ledger} VALUES ('before', 1)";
    postgres_undoes_a_doubtful_one postgres "ROLLBACK";
    mariadb_undoes_a_doubtful_one mariadb "ROLLBACK";
    mysql_undoes_a_doubtful_one mysql "ROLLBACK; START TRANSACTION";
}

/// Without a key too, success is said of what was committed as a whole.
#[tokio::test]
async fn without_a_key_what_was_undone_is_no_success() {
    if let Some((world, router)) = postgres::world().await {
        let answer = ask_at(&router, "/keyless", None, &json("SELECT 1/0")).await;
        assert!(answer.is(500, "transaction-aborted"), "{answer:?}");
        assert_eq!(world.rows().await, 0);
        assert!(ask_at(&router, "/keyless", None, &json("SELECT 1")).await.is(200, "happy"));
        assert_eq!(world.rows().await, 2);
    }
    macro_rules! ended {
        ($($module:ident $statement:literal $rows:literal;)*) => {$(
            if let Some((world, router)) = $module::world().await {
                let answer = ask_at(&router, "/keyless", None, &json($statement)).await;
                assert!(answer.is(409, "outcome-unknown"), "{}: {answer:?}", $statement);
                assert_eq!(world.rows().await, $rows, "{}", $statement);
            }
        )*};
    }
    // No record tells what was committed. The first as in a deadlock.
    ended! {
        mariadb "ROLLBACK" 0;
        mariadb "COMMIT" 1;
        postgres "ROLLBACK" 0;
        postgres "COMMIT" 1;
        postgres "COMMIT; BEGIN; SELECT 1/0" 1;
    }
    if let Some((world, router)) = mariadb::world().await {
        assert!(ask_at(&router, "/keyless", None, &json("SELECT 1")).await.is(200, "happy"));
        assert_eq!(world.rows().await, 2);
    }
    if let Some((world, router)) = sqlite::world().await {
        // On SQLite the commit hook lets nothing be committed after the handler's ROLLBACK.
        let answer = ask_at(&router, "/keyless", None, &json("ROLLBACK")).await;
        assert!(answer.is(500, "transaction-aborted"), "{answer:?}");
        assert_eq!(world.rows().await, 0);
    }
}

macro_rules! leaked {
    ($($test:ident $module:ident;)*) => {$(
        #[tokio::test]
        async fn $test() {
            let Some((world, router)) = $module::world().await else { return };
            for key in [Some("k"), None] {
                for fails in [false, true] {
                    let answer = ask_at(&router, "/leak", key, &fails.to_string()).await;
                    let code = if fails { "handler-panicked" } else { "transaction-aborted" };
                    assert!(answer.is(500, code), "{answer:?}");
                    assert_eq!(world.rows().await, 0);
                }
            }
            // The next caller, on any connection, is not inside of another transaction.
            for call in 1..=5 {
                let insert = format!("DELETE FROM {}; SELECT 1", world.app.ledger);
                let answer = ask(&router, &format!("k{call}"), &json(&insert)).await;
                assert!(answer.is(200, "happy"), "{answer:?}");
                assert_eq!(world.rows().await, 1);
            }
        }
    )*};
}
// The driver ends the innermost transaction only.
leaked! {
    sqlite_with_a_nested_transaction_that_never_ends sqlite;
    postgres_with_a_nested_transaction_that_never_ends postgres;
    postgres_that_claimed_with_begin_and_a_nested_transaction_that_never_ends postgres_with_begin;
    mariadb_with_a_nested_transaction_that_never_ends mariadb;
    mysql_with_a_nested_transaction_that_never_ends mysql;
}

/// A constraint that is looked at by the COMMIT: the database says that it rolled back, and running again does not help.
macro_rules! refused_at_commit {
    ($($test:ident $module:ident;)*) => {$(
        #[tokio::test]
        async fn $test() {
            let Some((world, router)) = $module::world().await else { return };
            let owed = "CREATE TABLE {ledger}_p (id INT PRIMARY KEY); \
                        CREATE TABLE {ledger}_c (p INT REFERENCES {ledger}_p (id) DEFERRABLE INITIALLY DEFERRED); \
                        INSERT INTO {ledger}_c VALUES (1); INSERT INTO {ledger} VALUES ('owed', 1)";
            for run in 1..=2 {
                let answer = ask_at(&router, "/retried", Some("k"), &json(owed)).await;
                assert!(answer.is(500, "transaction-aborted"), "{answer:?}");
                assert_eq!((world.rows().await, world.runs()), (0, run));
            }
            let answer = ask_at(&router, "/retried", Some("k2"), &json("SELECT 1")).await;
            assert!(answer.is(200, "happy"), "{answer:?}");
        }
    )*};
}
refused_at_commit! {
    postgres_refuses_the_commit postgres;
    sqlite_refuses_the_commit sqlite;
}

/// A handler may move the clock of its session; the record still lives by the server's clock.
#[tokio::test]
async fn a_record_lives_by_the_servers_clock() {
    macro_rules! moved {
        ($($module:ident)*) => {$(
            let Some((world, router)) = $module::world().await else { return };
            let other = $module::router(&world).await;
            for key in ["moved", "after"] {
                let sent = if key == "moved" { "SET timestamp = 5; SET time_zone = '+09:00'" } else { "SELECT 1" };
                let answer = ask_at(&router, "/retried", Some(key), &json(sent)).await;
                assert!(answer.is(200, "happy") && !answer.replayed, "{answer:?}");
                let again = ask_at(&other, "/retried", Some(key), &json(sent)).await;
                assert!(again.is(200, "happy") && again.replayed, "{again:?}");
            }
        )*};
    }
    moved!(mariadb mysql);
}

#[tokio::test]
async fn postgres_takes_no_statement_after_one_that_failed() {
    let Some((world, router)) = postgres::world().await else { return };
    let answer = ask(&router, "k", &json("SELECT 1/0")).await;
    assert!(answer.is(500, "transaction-aborted"), "{answer:?}");
    assert_eq!(world.rows().await, 0);
}

/// A deadlock undoes the whole transaction, and the handler's next statement goes on in another one.
#[tokio::test]
async fn mariadb_undoes_it_for_a_deadlock() {
    let Some((world, router)) = mariadb::world().await else { return };
    sqlx::raw_sql(AssertSqlSafe(format!("INSERT INTO {} VALUES ('x', 0), ('y', 0)", world.app.ledger)))
        .execute(&world.pool)
        .await
        .unwrap();
    let ledger = &world.app.ledger;
    // The rival holds y, and wants x once the handler wants y: it has written more, so the handler is the victim.
    let mut rival = world.pool.begin().await.unwrap();
    let many: Vec<String> = (0..50).map(|n| format!("('r{n}', 1)")).collect();
    let heavy = format!("INSERT INTO {ledger} VALUES {}", many.join(","));
    sqlx::raw_sql(AssertSqlSafe(heavy)).execute(&mut *rival).await.unwrap();
    let touch =
        |note: &str| AssertSqlSafe(format!("UPDATE {ledger} SET amount = amount + 1 WHERE note = '{note}'"));
    sqlx::raw_sql(touch("y")).execute(&mut *rival).await.unwrap();
    let statement = "UPDATE {ledger} SET amount = amount + 1 WHERE note = 'x'; UPDATE {ledger} SET amount = amount + 1 WHERE note = 'y'";
    let handler = tokio::spawn(async move { ask(&router, "k", &json(statement)).await });
    // Waits for x, which the handler holds by then or later; either way one of the two is undone.
    let waiting = async {
        loop {
            assert!(!handler.is_finished(), "the handler did not wait");
            let locked = sqlx::query_scalar::<_, i64>(
                "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
            );
            if locked.fetch_one(&world.pool).await.unwrap() > 0 {
                return;
            }
            // The server shows what it saw at the last look, if that was a moment ago.
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
    };
    crate::world::soon("the handler waits for the rival", waiting).await;
    sqlx::raw_sql(touch("x")).execute(&mut *rival).await.unwrap();
    rival.rollback().await.unwrap();
    let answer = handler.await.unwrap();
    assert!(answer.is(503, "transaction-conflict"), "{answer:?}");
    // Neither "before" nor "after" was kept.
    assert_eq!(world.rows().await, 2);
}

/// What a handler's connection was like, it is again when the pool has it back.
#[tokio::test]
async fn connections_come_back_as_they_were() {
    if let Some((world, _)) = mysql::world().await {
        let pool = sqlx::mysql::MySqlPoolOptions::new()
            .max_connections(1)
            .connect_with((*world.pool.connect_options()).clone())
            .await
            .unwrap();
        let store =
            idem_core::store::mysql::MySqlStore::builder(&pool).table("settings").open().await.unwrap();
        let idem = idem_core::Idem::builder(store).scope(idem_core::Scope::public()).build();
        let settings = "SELECT CONCAT_WS(',', @@autocommit, @@innodb_lock_wait_timeout)";
        let settings = async || sqlx::query_scalar::<_, String>(settings).fetch_one(&pool).await;
        let before = settings().await;
        for (key, fail) in [("a", false), ("b", true)] {
            let key = idem_core::tx::OperationKey::new("op", &format!("{key}{}", std::process::id()))
                .isolation(idem_core::tx::Isolation::Serializable);
            let ended =
                idem.transaction(key, async |_| if fail { Err(Refused::KeyExpired) } else { Ok(()) }).await;
            assert_eq!(ended.is_err(), fail);
            assert_eq!(settings().await.ok(), before.as_ref().ok().cloned());
        }
        assert!(before.is_ok(), "{before:?}");
        for set in
            ["SET time_zone = '+03:00'", "SET SESSION foreign_key_checks = 0", "SET completion_type = 1"]
        {
            let key = idem_core::tx::OperationKey::new("op", &format!("{set}{}", std::process::id()));
            let seen =
                "SELECT CONCAT_WS(',', @@time_zone, @@foreign_key_checks, @@completion_type, @@tx_read_only)";
            let seen = async || sqlx::query_scalar::<_, String>(seen).fetch_one(&pool).await.unwrap();
            let before = seen().await;
            let done = idem
                .transaction(key, async |tx| {
                    sqlx::raw_sql(set).execute(&mut **tx).await.unwrap();
                    Ok::<_, Refused>(())
                })
                .await;
            assert_eq!(done, Ok(()), "{set}");
            assert_eq!(seen().await, before, "{set}");
        }
    }
    if let Some((world, _)) = postgres::world().await {
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .connect_with((*world.pool.connect_options()).clone())
            .await
            .unwrap();
        let store = idem_core::store::postgres::PostgresStore::builder(&pool);
        let store = store.table(format!("{}_settings", world.name)).open().await.unwrap();
        let idem = idem_core::Idem::builder(store).scope(idem_core::Scope::public()).build();
        let seen = "SELECT concat_ws(',', pg_backend_pid(), current_setting('TimeZone'), \
                    current_setting('lock_timeout'), current_setting('default_transaction_read_only'))";
        let seen = async || sqlx::query_scalar::<_, String>(seen).fetch_one(&pool).await.unwrap();
        let settings = |seen: &str| seen.split_once(',').unwrap().1.to_owned();
        let mut before = seen().await;
        for (set, keeps) in
            [("SELECT 1", true), ("SET LOCAL lock_timeout = 7", true), ("SET TimeZone = 'Asia/Tokyo'", false)]
        {
            for fails in [false, true] {
                let key = idem_core::tx::OperationKey::new("op", &format!("{set}{fails}"));
                let done = idem
                    .transaction(key, async |tx| {
                        sqlx::raw_sql(set).execute(&mut **tx).await.unwrap();
                        if fails { Err(Refused::KeyExpired) } else { Ok(()) }
                    })
                    .await;
                assert_eq!(done.is_err(), fails, "{set}");
                let after = seen().await;
                assert_eq!(settings(&after), settings(&before), "{set}");
                assert_eq!(after == before, keeps || fails, "{set}, {fails}: the same connection");
                before = after;
            }
        }
    }
    if let Some((world, _)) = sqlite::world().await {
        let pool = sqlx::sqlite::SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with((*world.pool.connect_options()).clone())
            .await
            .unwrap();
        let path = world.pool.connect_options().get_filename().to_owned();
        let store = idem_core::store::sqlite::SqliteStore::builder(path).pool(&pool).open().await.unwrap();
        let idem = idem_core::Idem::builder(store).scope(idem_core::Scope::public()).build();
        let key = idem_core::tx::OperationKey::new("op", "k");
        idem.transaction(key, async |_| Ok::<_, Refused>(())).await.unwrap();
        // It may commit again.
        let insert = format!("INSERT INTO {} VALUES ('mine', 1)", world.app.ledger);
        sqlx::raw_sql(AssertSqlSafe(insert)).execute(&pool).await.unwrap();
        assert_eq!(world.rows().await, 1);
    }
}
