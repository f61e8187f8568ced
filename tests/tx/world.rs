//! A database with a ledger in it, and processes that share it.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use idem_core::store::mysql::{Dialect, MySqlStore};
use idem_core::store::postgres::PostgresStore;
use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::TxStore;
use idem_core::{Idem, Scope};
use idem_testing::servers::{require, shared};
use sqlx::{AssertSqlSafe, Pool};
use tokio::sync::Notify;
use tower::ServiceExt;

/// What a handler is given besides its transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct App {
    /// The table of effects.
    pub(crate) ledger: String,
    /// How often a body ran.
    pub(crate) runs: Arc<AtomicU32>,
    /// Rings when a body that holds is inside.
    pub(crate) inside: Arc<Notify>,
    /// Lets it go on.
    pub(crate) go_on: Arc<Notify>,
    /// The keys that bodies derived.
    pub(crate) derived: Arc<Mutex<Vec<String>>>,
}

/// A database of the test's own, or names of its own in a shared one.
pub(crate) trait Database: sqlx::Database {
    type Store: TxStore<Database = Self> + 'static;
    /// What is kept for as long as the test runs.
    type Guard;

    fn place() -> Option<(Self::Guard, String)>;
    fn pool(url: &str) -> impl Future<Output = Pool<Self>>;
    fn store(pool: &Pool<Self>, url: &str, name: &str) -> impl Future<Output = Self::Store>;
    fn count(pool: &Pool<Self>, sql: String) -> impl Future<Output = i64>;
    fn execute(pool: &Pool<Self>, sql: String) -> impl Future<Output = ()>;
}

macro_rules! queries {
    () => {
        async fn count(pool: &Pool<Self>, sql: String) -> i64 {
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()
        }

        async fn execute(pool: &Pool<Self>, sql: String) {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.unwrap();
        }
    };
}

impl Database for sqlx::Sqlite {
    type Store = SqliteStore;
    type Guard = tempfile::TempDir;

    fn place() -> Option<(tempfile::TempDir, String)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shop.db").to_str().unwrap().to_owned();
        Some((directory, path))
    }

    async fn pool(path: &str) -> Pool<Self> {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
        sqlx::sqlite::SqlitePoolOptions::new().max_connections(4).connect_with(options).await.unwrap()
    }

    async fn store(pool: &Pool<Self>, path: &str, _: &str) -> SqliteStore {
        SqliteStore::builder(path).pool(pool).open().await.unwrap()
    }

    queries!();
}

impl Database for sqlx::Postgres {
    type Store = PostgresStore;
    type Guard = ();

    fn place() -> Option<((), String)> {
        Some(((), require(shared::postgres())?.to_owned()))
    }

    async fn pool(url: &str) -> Pool<Self> {
        sqlx::postgres::PgPoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .connect(url)
            .await
            .unwrap()
    }

    async fn store(pool: &Pool<Self>, _: &str, name: &str) -> PostgresStore {
        PostgresStore::builder(pool).table(name).claim_with_begin(VARIANT.get()).open().await.unwrap()
    }

    queries!();
}

impl Database for sqlx::MySql {
    type Store = MySqlStore;
    type Guard = ();

    fn place() -> Option<((), String)> {
        Some(((), require(shared::mariadb())?.to_owned()))
    }

    async fn pool(url: &str) -> Pool<Self> {
        sqlx::mysql::MySqlPoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .connect(url)
            .await
            .unwrap()
    }

    async fn store(pool: &Pool<Self>, _: &str, name: &str) -> MySqlStore {
        let builder = MySqlStore::builder(pool).table(name);
        let builder = if VARIANT.get() { builder.dialect(Dialect::MySql) } else { builder };
        builder.open().await.unwrap()
    }

    queries!();
}

thread_local! {
    /// Whether this test has MariaDB spoken to as to MySQL, or PostgreSQL claim with BEGIN.
    pub(crate) static VARIANT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

type Settings<Db> = idem_core::IdemBuilder<<Db as Database>::Store, Scope>;

/// A database, and what the processes that share it have in common.
pub(crate) struct World<Db: Database> {
    _guard: Db::Guard,
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) pool: Pool<Db>,
    pub(crate) app: App,
}

impl<Db: Database> World<Db> {
    pub(crate) async fn new() -> Option<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let (guard, url) = Db::place()?;
        let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let pool = Db::pool(&url).await;
        let ledger = format!("ledger_{name}");
        Db::execute(
            &pool,
            format!("CREATE TABLE {ledger} (note VARCHAR(40) NOT NULL UNIQUE, amount INT NOT NULL)"),
        )
        .await;
        let app = App {
            ledger,
            runs: Arc::default(),
            inside: Arc::default(),
            go_on: Arc::default(),
            derived: Arc::default(),
        };
        Some(Self { _guard: guard, url, name, pool, app })
    }

    /// As another process has it: a store, a pool and an engine of its own.
    pub(crate) async fn process(&self) -> Idem<Db::Store> {
        self.process_with(|builder| builder).await
    }

    pub(crate) async fn process_with(
        &self,
        settings: impl FnOnce(Settings<Db>) -> Settings<Db>,
    ) -> Idem<Db::Store> {
        self.process_by(&self.url, settings).await
    }

    /// By way of another address.
    pub(crate) async fn process_by(
        &self,
        url: &str,
        settings: impl FnOnce(Settings<Db>) -> Settings<Db>,
    ) -> Idem<Db::Store> {
        let pool = Db::pool(url).await;
        let store = Db::store(&pool, url, &self.name).await;
        settings(Idem::builder(store).scope(Scope::header("x-account"))).build()
    }

    /// A store of its own, to put records there or look at them.
    pub(crate) async fn store(&self) -> Arc<Db::Store> {
        let pool = Db::pool(&self.url).await;
        Arc::new(Db::store(&pool, &self.url, &self.name).await)
    }

    pub(crate) async fn rows(&self) -> i64 {
        Db::count(&self.pool, format!("SELECT count(*) FROM {}", self.app.ledger)).await
    }

    pub(crate) fn runs(&self) -> u32 {
        self.app.runs.load(Ordering::SeqCst)
    }
}

/// An answer, as far as tests look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) retry_after: bool,
    /// The code of a problem document, or the body.
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn is(&self, status: u16, text: &str) -> bool {
        self.status == status && self.text == text
    }
}

pub(crate) async fn ask(router: &Router, key: &str, body: &str) -> Answer {
    ask_at(router, "/act", Some(key), body).await
}

pub(crate) async fn ask_at(router: &Router, path: &str, key: Option<&str>, body: &str) -> Answer {
    let mut request =
        Request::post(path).header("x-account", "ada").header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    answer(&Response::from_parts(parts, body))
}

fn answer(response: &Response<Bytes>) -> Answer {
    let text = String::from_utf8_lossy(response.body()).into_owned();
    let problem: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    let code = problem.as_ref().and_then(|problem| problem["code"].as_str().map(str::to_owned));
    Answer {
        status: response.status().as_u16(),
        replayed: response.headers().contains_key("idempotent-replayed"),
        retry_after: response.headers().contains_key("retry-after"),
        text: code.unwrap_or(text),
    }
}

/// Fails instead of hanging.
pub(crate) async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), event).await.unwrap_or_else(|_| panic!("never: {what}"))
}
