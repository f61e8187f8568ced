//! A store and an effects file that several targets share.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use idem_testing::servers::{Redis, require, shared};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tempfile::TempDir;

use super::Target;

/// What the records live in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StoreKind {
    Sqlite,
    Postgres,
    MariaDb,
    Redis,
}

/// Removed when dropped.
#[derive(Debug)]
pub(crate) struct Shared {
    directory: TempDir,
    store: String,
    /// A server of the test's own, where a shared one has no databases to keep tests apart.
    _redis: Option<Redis>,
}

impl Shared {
    /// On SQLite.
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let store = format!("sqlite:{}", directory.path().join("idem.db").display());
        Self { directory, store, _redis: None }
    }

    /// On a database of the test's own; `None` if its server is missing.
    pub(crate) fn on(kind: StoreKind) -> Option<Self> {
        let fresh = Self::new();
        let store = match kind {
            StoreKind::Sqlite => return Some(fresh),
            StoreKind::Postgres => {
                let (url, name) = (require(shared::postgres())?, database_name());
                execute::<sqlx::PgConnection>(url, &name);
                with_database(url, &name)
            }
            StoreKind::MariaDb => {
                let (url, name) = (require(shared::mariadb())?, database_name());
                execute::<sqlx::MySqlConnection>(url, &name);
                with_database(url, &name)
            }
            StoreKind::Redis => {
                let redis = require(Redis::start())?;
                return Some(Self { store: redis.url(), _redis: Some(redis), ..fresh });
            }
        };
        Some(Self { store, ..fresh })
    }

    /// On a server of the test's own.
    pub(crate) fn at(url: &str) -> Self {
        Self { store: url.to_owned(), ..Self::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("idem.db")
    }

    pub(crate) fn store(&self) -> String {
        self.store.clone()
    }

    /// The keys and amounts in the table that `/tx` writes to, in order, each as often as it is there.
    pub(crate) fn ledger(&self) -> Vec<(String, i64)> {
        const SELECT: &str = "SELECT operation_key, amount FROM ledger";
        let read = async {
            match self.store.split_once(':') {
                Some(("sqlite", path)) => {
                    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                    let mut connection = options.connect().await?;
                    sqlx::query_as(SELECT).fetch_all(&mut connection).await
                }
                Some(("postgres", _)) => {
                    let mut connection = sqlx::PgConnection::connect(&self.store).await?;
                    sqlx::query_as(SELECT).fetch_all(&mut connection).await
                }
                _ => {
                    let mut connection = sqlx::MySqlConnection::connect(&self.store).await?;
                    sqlx::query_as(SELECT).fetch_all(&mut connection).await
                }
            }
        };
        let mut rows: Vec<(String, i64)> = runtime().block_on(read).expect("the ledger");
        // Databases differ in how they order text.
        rows.sort();
        rows
    }

    /// One more target on the same records and counts.
    pub(crate) fn start(&self, arguments: &[&str]) -> Target {
        self.start_by(arguments, Target::start)
    }

    /// The same, with variables in its environment.
    pub(crate) fn start_with(&self, arguments: &[&str], environment: &[(&str, &Path)]) -> Target {
        self.start_by(arguments, |all| Target::start_with(all, environment))
    }

    /// The same of another version.
    pub(crate) fn start_program(&self, program: &Path, arguments: &[&str]) -> Target {
        self.start_by(arguments, |all| Target::start_program(program, all, &[]))
    }

    fn start_by(&self, arguments: &[&str], start: impl Fn(&[&str]) -> Target) -> Target {
        let effects = self.path().join("effects");
        let effects = effects.to_str().expect("a path that is text");
        let mut all = vec!["--store", &self.store, "--effects", effects];
        all.extend_from_slice(arguments);
        start(&all)
    }
}

fn database_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("idem_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Creates a database of that name.
fn execute<C>(url: &str, name: &str)
where
    C: Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    runtime().block_on(async {
        let mut connection = C::connect(url).await.expect("a connection");
        let sql = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(sql).execute(&mut connection).await.expect("a database");
        connection.close().await.expect("a goodbye");
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (server, query) = url.split_once('?').map_or((url, None), |(server, query)| (server, Some(query)));
    let server = match server.split_once("://").and_then(|(_, rest)| rest.find('/')) {
        Some(at) => &server[..server.find("://").expect("it was there") + 3 + at],
        None => server,
    };
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

/// One test for each store that several processes can share. A case takes what they share.
macro_rules! on_every_store {
    ($($case:ident)*) => {
        $crate::support::on_every_sql_store!($($case)*);
        $crate::support::on_every_store!(@ redis Redis $($case)*);
    };
    (@ $module:ident $kind:ident $($case:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $case() {
                    if let Some(shared) = $crate::support::Shared::on($crate::support::StoreKind::$kind) {
                        super::$case(&shared);
                    }
                }
            )*
        }
    };
}
pub(crate) use on_every_store;

/// The same for each store whose records can commit together with effects.
macro_rules! on_every_sql_store {
    ($($case:ident)*) => {
        $crate::support::on_every_store!(@ sqlite Sqlite $($case)*);
        $crate::support::on_every_store!(@ postgres Postgres $($case)*);
        $crate::support::on_every_store!(@ mariadb MariaDb $($case)*);
    };
}
pub(crate) use on_every_sql_store;
