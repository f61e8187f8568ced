//! Tables of a test's own on a shared server.

use sqlx::any::{AnyPoolOptions, AnyQueryResult, AnyRow, install_default_drivers};
use sqlx::{AnyPool, AssertSqlSafe, Executor, FromRow, Result};

use super::{require, shared};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    MariaDb,
}

/// A server, and the name of one test on it.
#[derive(Debug)]
pub(crate) struct Server {
    url: &'static str,
    dialect: Dialect,
    name: String,
}

/// Fresh tables. The rows with 16 are there for what a careless operation could confuse or destroy.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) db: AnyPool,
    pub(crate) dialect: Dialect,
    name: String,
}

impl Server {
    pub(crate) fn postgres(test: &str) -> Option<Self> {
        Some(Self::new(require(shared::postgres())?, Dialect::Postgres, test))
    }

    pub(crate) fn mariadb(test: &str) -> Option<Self> {
        Some(Self::new(require(shared::mariadb())?, Dialect::MariaDb, test))
    }

    fn new(url: &'static str, dialect: Dialect, test: &str) -> Self {
        install_default_drivers();
        Self { url, dialect, name: format!("natural_{}_{test}", std::process::id()) }
    }

    pub(crate) async fn fresh(&self) -> Place {
        // Open before they are needed, so that copies of an operation start abreast.
        let pool = AnyPoolOptions::new().min_connections(4).max_connections(4).test_before_acquire(false);
        let db = pool.connect(self.url).await.unwrap();
        let place = Place { db, dialect: self.dialect, name: self.name.clone() };
        for sql in [
            "DROP TABLE IF EXISTS {t}_goods, {t}_notes, {t}_applied",
            "CREATE TABLE {t}_goods (id BIGINT PRIMARY KEY, stock BIGINT NOT NULL, version BIGINT NOT NULL)",
            "CREATE TABLE {t}_notes (id BIGINT NOT NULL)",
            "CREATE TABLE {t}_applied (id BIGINT PRIMARY KEY)",
            "INSERT INTO {t}_goods VALUES (1, 5, 1), (16, 3, 1)",
            "INSERT INTO {t}_notes VALUES (16)",
            "INSERT INTO {t}_applied VALUES (16)",
        ] {
            place.run(&place.db, sql).await.unwrap();
        }
        place
    }
}

impl Place {
    /// Every row of every table.
    pub(crate) async fn rows(&self) -> Vec<(i64, i64, i64)> {
        let all = "SELECT id, stock, version FROM {t}_goods UNION ALL SELECT id, -1, -1 FROM {t}_notes
                   UNION ALL SELECT id, -2, -2 FROM {t}_applied ORDER BY 1, 2, 3";
        let rows = self.db.fetch_all(self.sql(all)).await.unwrap();
        rows.iter().map(|row| FromRow::from_row(row).unwrap()).collect()
    }

    /// Runs a statement on these tables; how many rows it changed.
    pub(crate) async fn run(&self, db: impl Executor<'_, Database = sqlx::Any>, sql: &str) -> Result<u64> {
        db.execute(self.sql(sql)).await.map(|done: AnyQueryResult| done.rows_affected())
    }

    /// The first row of a query.
    pub(crate) async fn look(
        &self,
        db: impl Executor<'_, Database = sqlx::Any>,
        sql: &str,
    ) -> Result<Option<AnyRow>> {
        db.fetch_optional(self.sql(sql)).await
    }

    fn sql(&self, sql: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(sql.replace("{t}", &self.name))
    }
}
