//! What a handler, or a hook of its pool, sets for its session: where names are looked for, and whose rights count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::postgres::PostgresStore;
use idem_core::tx::{MySqlTx, PgTx};
use idem_core::{Idem, Refused, Scope, idempotent};
use idem_testing::servers::{MariaDb, Postgres, require};
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};

use crate::world::ask;

type Runs = Arc<AtomicU32>;

#[idempotent]
async fn pay_postgres(
    State(runs): State<Runs>,
    #[tx] tx: &mut PgTx<'_>,
    Json(sets): Json<String>,
) -> Result<String, Refused> {
    runs.fetch_add(1, Ordering::SeqCst);
    sqlx::raw_sql("INSERT INTO public.ledger VALUES (1)").execute(&mut **tx).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sets)).execute(&mut **tx).await.unwrap();
    Ok("paid".to_owned())
}

#[idempotent]
async fn pay_mysql(
    State(runs): State<Runs>,
    #[tx] tx: &mut MySqlTx<'_>,
    Json(sets): Json<String>,
) -> Result<String, Refused> {
    runs.fetch_add(1, Ordering::SeqCst);
    sqlx::raw_sql("INSERT INTO shop.ledger VALUES (1)").execute(&mut **tx).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sets)).execute(&mut **tx).await.unwrap();
    Ok("paid".to_owned())
}

/// A server of its own, for tests that make roles and schemas, with a decoy of idem's table elsewhere.
async fn postgres() -> Option<(Postgres, PgPool)> {
    let server = require(Postgres::start())?;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    drop(PostgresStore::connect(&pool).await.unwrap());
    pool.execute(
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.idem_record (LIKE public.idem_record INCLUDING ALL); \
         CREATE TABLE public.ledger (amount integer); \
         CREATE ROLE teller; GRANT USAGE ON SCHEMA public TO teller; \
         GRANT SELECT, INSERT, UPDATE ON idem_record TO teller; GRANT INSERT ON public.ledger TO teller; \
         CREATE ROLE outsider",
    )
    .await
    .unwrap();
    Some((server, pool))
}

async fn of_postgres(pool: &PgPool, with_begin: bool) -> (Router, Runs) {
    let store = PostgresStore::builder(pool).claim_with_begin(with_begin).open().await.unwrap();
    let layer = Idem::builder(store).scope(Scope::header("x-account")).build().layer();
    let runs = Runs::default();
    (Router::new().route("/act", post(pay_postgres)).layer(layer).with_state(Arc::clone(&runs)), runs)
}

fn json(sql: &str) -> String {
    serde_json::to_string(sql).unwrap()
}

/// One effect and its replay, and nothing in the decoy.
async fn paid_once(router: &Router, runs: &Runs, key: &str, sets: &str) {
    let before = runs.load(Ordering::SeqCst);
    for replayed in [false, true] {
        let answer = ask(router, key, &json(sets)).await;
        assert!(answer.is(200, "paid") && answer.replayed == replayed, "{key} {sets}: {answer:?}");
    }
    assert_eq!(runs.load(Ordering::SeqCst), before + 1, "{key} {sets}");
}

const SEARCH_PATHS: [&str; 3] = [
    "SET LOCAL search_path = elsewhere",
    "SET LOCAL search_path = ''",
    "SET search_path = elsewhere, public",
];
const ROLES: [&str; 3] = [
    "SET LOCAL ROLE teller",
    "SET LOCAL SESSION AUTHORIZATION teller",
    "SET LOCAL ROLE teller; SET LOCAL search_path = elsewhere",
];

#[tokio::test]
async fn on_postgres_a_handler_may_set_its_search_path_and_its_role() {
    let Some((_server, pool)) = postgres().await else { return };
    for with_begin in [false, true] {
        let (router, runs) = of_postgres(&pool, with_begin).await;
        for sets in SEARCH_PATHS.iter().chain(&ROLES) {
            paid_once(&router, &runs, &format!("{with_begin}-{}", sets.len()), sets).await;
        }
    }
    let count = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool);
    assert_eq!(count("SELECT count(*) FROM public.ledger").await.unwrap(), 12);
    assert_eq!(count("SELECT count(*) FROM elsewhere.idem_record").await.unwrap(), 0);
}

/// A pool that sets this for each of its connections.
async fn hooked(server: &Postgres, sets: &'static str) -> PgPool {
    let hook = PgPoolOptions::new().after_connect(move |connection, _| {
        Box::pin(async move { connection.execute(sets).await.map(drop) })
    });
    hook.connect(&server.url()).await.unwrap()
}

/// A pool that serves many tenants does so.
#[tokio::test]
async fn on_postgres_a_hook_of_the_pool_may_set_them_too() {
    let Some((server, _)) = postgres().await else { return };
    for sets in ["SET search_path = elsewhere", "SET ROLE teller; SET search_path = elsewhere"] {
        let pool = hooked(&server, sets).await;
        let (router, runs) = of_postgres(&pool, false).await;
        paid_once(&router, &runs, &sets.replace(' ', "-"), "SELECT 1").await;
    }
}

#[tokio::test]
async fn on_postgres_a_role_without_the_rights_is_told_so_and_nothing_is_kept() {
    let Some((_server, pool)) = postgres().await else { return };
    for (at, with_begin) in [false, true].into_iter().enumerate() {
        let (router, runs) = of_postgres(&pool, with_begin).await;
        let key = &format!("key-{at}");
        pool.execute(
            "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, outsider; \
             REVOKE ALL ON SCHEMA public FROM PUBLIC, outsider; REVOKE ALL ON idem_record FROM outsider",
        )
        .await
        .unwrap();
        let grants = [
            "GRANT USAGE ON SCHEMA public TO outsider",
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO outsider",
            "GRANT SELECT, UPDATE ON idem_record TO outsider",
        ];
        for grant in grants {
            for _ in 0..2 {
                let answer = ask(&router, key, &json("SET LOCAL ROLE outsider")).await;
                assert!(answer.is(500, "misconfigured"), "before {grant}: {answer:?}");
            }
            pool.execute(grant).await.unwrap();
        }
        assert_eq!(runs.load(Ordering::SeqCst), 6);
        paid_once(&router, &runs, key, "SET LOCAL ROLE outsider").await;
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger").fetch_one(&pool).await.unwrap();
        assert_eq!(usize::try_from(rows), Ok(at + 1));
    }
}

#[tokio::test]
async fn on_postgres_a_hook_that_sets_a_role_without_the_rights_is_told_so() {
    let Some((server, _)) = postgres().await else { return };
    let pool = hooked(&server, "SET ROLE outsider").await;
    let (router, runs) = of_postgres(&pool, false).await;
    let answer = ask(&router, "k", &json("SELECT 1")).await;
    assert!(answer.is(500, "misconfigured"), "{answer:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn on_postgres_a_connection_goes_back_as_its_hook_has_made_it() {
    let Some((server, _)) = postgres().await else { return };
    let sets = "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '55min'";
    let pool = hooked(&server, sets).await;
    let (router, runs) = of_postgres(&pool, false).await;
    for key in ["one", "two"] {
        paid_once(&router, &runs, key, "SELECT 1").await;
        let failed = ask(&router, key, &json("another body")).await;
        assert!(failed.is(400, "idempotency-key-reused"), "{failed:?}");
        for setting in ["default_transaction_read_only", "idle_in_transaction_session_timeout"] {
            let question = AssertSqlSafe(format!("SELECT current_setting('{setting}')"));
            let shown: String = sqlx::query_scalar(question).fetch_one(&pool).await.unwrap();
            assert_eq!(shown, if setting.starts_with("default") { "on" } else { "55min" });
        }
    }
}

/// What the driver has prepared is gone: no other caller meets that connection.
#[tokio::test]
async fn on_postgres_a_handler_that_drops_what_is_prepared_harms_no_other() {
    let Some((_server, pool)) = postgres().await else { return };
    for with_begin in [false, true] {
        let (router, runs) = of_postgres(&pool, with_begin).await;
        for round in 0..6 {
            let _told = ask(&router, &format!("drops-{with_begin}-{round}"), &json("DEALLOCATE ALL")).await;
            paid_once(&router, &runs, &format!("other-{with_begin}-{round}"), "SELECT 1").await;
        }
    }
}

/// The migrations that an operator runs by hand name no schema; and a schema may have any name.
#[tokio::test]
async fn on_postgres_tables_in_any_schema_are_found_from_everywhere() {
    let Some((server, admin)) = postgres().await else { return };
    for (at, schema) in
        ["My$hop", "o'brien", "say \"so\"", "back\\slash", "a?b, c", "pay"].into_iter().enumerate()
    {
        let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
        let sets = format!("SET search_path = {quoted}, public");
        admin.execute(AssertSqlSafe(format!("CREATE SCHEMA {quoted}"))).await.unwrap();
        let url = server.url();
        let mut options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        options = options.options([("search_path", &quoted)]);
        let table = if at % 2 == 0 { "order" } else { "idem_record" };
        let pool = PgPoolOptions::new().connect_with(options).await.unwrap();
        if at % 2 == 0 {
            let mut by_hand = PgPool::connect(&url).await.unwrap().acquire().await.unwrap();
            by_hand.execute(AssertSqlSafe(sets.clone())).await.unwrap();
            for migration in PostgresStore::migrations(table).unwrap() {
                by_hand.execute(AssertSqlSafe(migration)).await.unwrap();
            }
        }
        let store = PostgresStore::builder(&pool).table(table).migrate(at % 2 == 1).open().await;
        let store = store.unwrap_or_else(|error| panic!("{schema}: {error:?}"));
        let layer = Idem::builder(store).scope(Scope::header("x-account")).build().layer();
        let runs = Runs::default();
        let router =
            Router::new().route("/act", post(pay_postgres)).layer(layer).with_state(Arc::clone(&runs));
        for sets in ["SELECT 1", "SET LOCAL search_path = elsewhere"] {
            paid_once(&router, &runs, &format!("{at}-{}", sets.len()), sets).await;
        }
        let there = AssertSqlSafe(format!("SELECT count(*) FROM {quoted}.\"{table}\""));
        let records: i64 = sqlx::query_scalar(there).fetch_one(&admin).await.unwrap();
        assert_eq!(records, 2, "{schema}");
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
             WHERE nspname = $1 AND starts_with(proname, $2 || '_') AND prosrc LIKE '%\"' || $2 || '\"%'",
        )
        .bind(schema)
        .bind(table)
        .fetch_all(&admin)
        .await
        .unwrap();
        assert!(bodies.len() > 8, "{schema}: {}", bodies.len());
        let (name, placed) = (format!("\"{table}\""), format!("{quoted}.\"{table}\""));
        for body in bodies {
            assert_eq!(body.matches(&placed).count(), body.matches(&name).count(), "{schema}: {body}");
        }
    }
    let elsewhere = "SELECT count(*) FROM elsewhere.idem_record";
    assert_eq!(sqlx::query_scalar::<_, i64>(elsewhere).fetch_one(&admin).await.unwrap(), 0);
}

#[tokio::test]
async fn on_mariadb_a_handler_may_use_another_database() {
    let Some(server) = require(MariaDb::start()) else { return };
    let root = MySqlPool::connect(&server.url()).await.unwrap();
    root.execute("CREATE DATABASE shop; CREATE DATABASE elsewhere; CREATE TABLE shop.ledger (amount INT)")
        .await
        .unwrap();
    let options = (*root.connect_options()).clone().database("shop");
    for dialect in [Dialect::MariaDb, Dialect::MySql] {
        let pool = MySqlPoolOptions::new().connect_with(options.clone()).await.unwrap();
        let store = MySqlStore::builder(&pool).dialect(dialect).open().await.unwrap();
        root.execute("CREATE TABLE IF NOT EXISTS elsewhere.idem_record LIKE shop.idem_record").await.unwrap();
        let layer = Idem::builder(store).scope(Scope::header("x-account")).build().layer();
        let runs = Runs::default();
        let router = Router::new().route("/act", post(pay_mysql)).layer(layer).with_state(Arc::clone(&runs));
        paid_once(&router, &runs, &format!("{dialect:?}"), "USE elsewhere").await;
    }
    let count = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(&root);
    assert_eq!(count("SELECT count(*) FROM shop.ledger").await.unwrap(), 2);
    assert_eq!(count("SELECT count(*) FROM elsewhere.idem_record").await.unwrap(), 0);
}

/// What a handler sets with PRAGMA would be the next caller's.
#[tokio::test]
async fn on_sqlite_a_connection_whose_settings_were_changed_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let store = idem_core::store::sqlite::SqliteStore::builder(&path).pool(&pool).open().await.unwrap();
    let idem = Idem::builder(store).scope(Scope::public()).build();
    pool.execute("CREATE TABLE ledger (amount INT)").await.unwrap();
    for (at, sets) in [
        "PRAGMA query_only = 1",
        "PRAGMA busy_timeout = 1",
        "PRAGMA ignore_check_constraints = 1",
        "PRAGMA writable_schema = 1",
        "ATTACH ':memory:' AS other",
    ]
    .into_iter()
    .enumerate()
    {
        for fails in [false, true] {
            let key = format!("{at} {fails}");
            let called = idem.transaction(idem_core::tx::OperationKey::new("sets", &key), async |tx| {
                sqlx::raw_sql(AssertSqlSafe(sets)).execute(&mut **tx).await.unwrap();
                if fails { Err(Refused::HandlerPanicked) } else { Ok(1) }
            });
            let _told = called.await;
            let next = idem.transaction(idem_core::tx::OperationKey::new("next", &key), async |tx| {
                let inserted = sqlx::raw_sql("INSERT INTO ledger VALUES (1)").execute(&mut **tx).await;
                inserted.map(|_| 1).map_err(|_| Refused::HandlerPanicked)
            });
            assert_eq!(next.await, Ok(1), "{sets}");
            let timeout: i64 = sqlx::query_scalar("PRAGMA busy_timeout").fetch_one(&pool).await.unwrap();
            assert!(timeout > 1, "{sets}");
            pool.execute("INSERT INTO ledger VALUES (1)").await.unwrap();
        }
    }
}
