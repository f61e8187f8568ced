//! Where the records of a history live.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use idem_testing::proxy::Proxy;
use idem_testing::servers::{Redis, require, shared};
use idem_tests::matrix::{Event, happened, ledger};
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum StoreKind {
    Sqlite,
    Postgres,
    MariaDb,
    Redis,
}

impl StoreKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
            Self::Redis => "redis",
        }
    }
}

/// A store of one lane's own, and a directory for its histories. Gone when dropped, but for databases on a server.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) directory: TempDir,
    pub(crate) url: String,
    _redis: Option<Redis>,
}

const LEDGER: &str =
    "CREATE TABLE IF NOT EXISTS ledger (subject VARCHAR(100) NOT NULL, run VARCHAR(100) NOT NULL)";

impl Site {
    /// `None`, said aloud, if its server is missing.
    pub(crate) fn open(kind: StoreKind) -> Option<Self> {
        let directory = TempDir::new().expect("a directory");
        let mut redis = None;
        let url = match kind {
            StoreKind::Sqlite => format!("sqlite:{}", directory.path().join("idem.db").display()),
            StoreKind::Postgres => fresh::<sqlx::PgConnection>(require(shared::postgres())?),
            StoreKind::MariaDb => fresh::<sqlx::MySqlConnection>(require(shared::mariadb())?),
            StoreKind::Redis => redis.insert(require(Redis::start())?).url(),
        };
        match kind {
            StoreKind::Sqlite => create::<sqlx::SqliteConnection>(&format!("{url}?mode=rwc")),
            StoreKind::Postgres => create::<sqlx::PgConnection>(&url),
            StoreKind::MariaDb => create::<sqlx::MySqlConnection>(&url),
            StoreKind::Redis => {}
        }
        Some(Self { directory, url, _redis: redis })
    }

    /// A way to its server that can break.
    pub(crate) fn proxy(&self) -> Proxy {
        static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
            Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
        });
        let (_, rest) = self.url.split_once("://").expect("the URL of a server");
        let authority = rest.split(['/', '?']).next().unwrap_or(rest);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        RUNTIME.block_on(Proxy::to(host)).expect("a proxy")
    }

    /// The runs that left a row in the ledger of coupled effects: `ledger (subject, run)`.
    pub(crate) fn ledger(&self, key: &str) -> Vec<String> {
        block(ledger(&self.url, key))
    }

    /// What an operator would find out from the effects.
    pub(crate) fn happened(&self, history: &[Event], key: &str) -> bool {
        block(happened(history, &self.url, key))
    }
}

fn block<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work).expect("the database answers")
}

/// The URL of a new database.
fn fresh<C>(url: &str) -> String
where
    C: Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("matrix_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    block(async {
        let mut connection = C::connect(url).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        connection.close().await
    });
    let (server, query) = url.split_once('?').map_or((url, None), |(server, query)| (server, Some(query)));
    let (scheme, rest) = server.split_once("://").expect("a URL");
    let host = rest.split('/').next().unwrap_or(rest);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{scheme}://{host}/{name}{query}")
}

fn create<C>(url: &str)
where
    C: Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
{
    block(async {
        let mut connection = C::connect(url).await?;
        sqlx::raw_sql(LEDGER).execute(&mut connection).await?;
        connection.close().await
    });
}
