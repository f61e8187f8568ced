//! PostgreSQL.

mod conformance;
mod limits;
mod opening;
mod plans;
mod pooler;
mod rights;
mod traps;
mod unnamed;
mod upgrade;
mod upkeep;

use idem_core::store::postgres::PostgresStore;
use idem_testing::servers::{require, shared};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use crate::support::fresh_name;

/// A table of the test's own in a database that others use as well.
struct Table {
    url: String,
    name: String,
}

impl Table {
    fn new() -> Option<Self> {
        require(shared::postgres()).map(Self::at)
    }

    fn at(url: &str) -> Self {
        Self { url: url.to_owned(), name: fresh_name() }
    }

    async fn open(&self) -> PostgresStore {
        self.open_with("").await
    }

    /// With settings of the session, `-c name=value`.
    async fn open_with(&self, options: &str) -> PostgresStore {
        let url = with_options(&self.url, options);
        PostgresStore::builder(&url).table(&self.name).open().await.unwrap()
    }

    /// So that no statement gives up waiting for a lock.
    async fn open_patient(&self) -> PostgresStore {
        let patient = std::time::Duration::from_mins(2);
        PostgresStore::builder(&self.url).table(&self.name).timeout(patient).open().await.unwrap()
    }

    /// A connection of another user of the table.
    async fn shell(&self) -> Shell {
        Shell(PgConnection::connect(&self.url).await.unwrap())
    }
}

fn with_options(url: &str, options: &str) -> String {
    if options.is_empty() {
        return url.to_owned();
    }
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}options={}", options.replace(' ', "%20").replace('=', "%3D"))
}

struct Shell(PgConnection);

impl Shell {
    async fn run(&mut self, sql: impl Into<String>) {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&mut self.0).await.unwrap();
    }

    async fn row(&mut self, sql: impl Into<String>) -> PgRow {
        self.0.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql.into()))).await.unwrap()
    }

    async fn number(&mut self, sql: impl Into<String>) -> i64 {
        self.row(sql).await.get(0)
    }
}
