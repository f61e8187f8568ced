//! MySQL and MariaDB.
//!
//! The server is a MariaDB, unless `IDEM_TEST_MYSQL_URL` names another. MariaDB is spoken to in both dialects.

mod conformance;
mod limits;
mod locks;
mod odd_server;
mod opening;
mod rights;
mod round_trips;
mod traps;
mod unnamed;
mod upgrade;
mod upkeep;

use std::fmt::Write;

use idem_core::store::mysql::{Dialect, MySqlStore, MySqlStoreBuilder};
use idem_testing::servers::{require, shared};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use crate::support::fresh_name;

/// A table of the test's own in a database that others use as well.
struct Table {
    url: String,
    name: String,
    dialect: Dialect,
}

impl Table {
    /// On the shared server. `None` also where a real MySQL would be spoken to as MariaDB.
    async fn new(dialect: Dialect) -> Option<Self> {
        let table = Self::at(require(shared::mariadb())?, dialect);
        let version: String = table.shell().await.row("SELECT VERSION()").await.get(0);
        (dialect == Dialect::MySql || version.contains("MariaDB")).then_some(table)
    }

    fn at(url: &str, dialect: Dialect) -> Self {
        Self { url: url.to_owned(), name: fresh_name(), dialect }
    }

    fn builder(&self) -> MySqlStoreBuilder {
        self.builder_by(&self.url)
    }

    /// By way of another address.
    fn builder_by(&self, url: &str) -> MySqlStoreBuilder {
        MySqlStore::builder(url).table(&self.name).dialect(self.dialect)
    }

    async fn open(&self) -> MySqlStore {
        self.builder().open().await.unwrap()
    }

    /// A connection of another user of the table.
    async fn shell(&self) -> Shell {
        Shell(MySqlConnection::connect(&self.url).await.unwrap())
    }
}

struct Shell(MySqlConnection);

impl Shell {
    async fn run(&mut self, sql: impl Into<String>) {
        self.try_run(sql).await.unwrap();
    }

    async fn try_run(&mut self, sql: impl Into<String>) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&mut self.0).await.map(|_| ())
    }

    async fn row(&mut self, sql: impl Into<String>) -> MySqlRow {
        self.0.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql.into()))).await.unwrap()
    }

    async fn number(&mut self, sql: impl Into<String>) -> i64 {
        self.row(sql).await.get(0)
    }
}

/// A literal.
fn hex(bytes: &[u8]) -> String {
    let mut literal = "x'".to_owned();
    for byte in bytes {
        write!(literal, "{byte:02x}").unwrap();
    }
    literal + "'"
}

/// One test for each dialect: `in_both_dialects! { case … }`, where a case is an `async fn(Table)`.
macro_rules! in_both_dialects {
    ($($case:ident)*) => {
        $crate::mysql::in_both_dialects!(@ mariadb MariaDb $($case)*);
        $crate::mysql::in_both_dialects!(@ mysql MySql $($case)*);
    };
    (@ $module:ident $dialect:ident $($case:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let dialect = idem_core::store::mysql::Dialect::$dialect;
                    if let Some(table) = $crate::mysql::Table::new(dialect).await {
                        super::$case(table).await;
                    }
                }
            )*
        }
    };
}
use in_both_dialects;
