//! The handlers' own table, in the store's database.

use sqlx::{MySqlPool, PgPool, SqlitePool};

/// Where `/tx` writes: the pool that the store has, too.
#[derive(Debug, Clone)]
pub(crate) enum Ledger {
    /// The store is no SQL database.
    Absent,
    Sqlite(SqlitePool),
    Postgres(PgPool),
    MySql(MySqlPool),
}

/// No column is unique: a row that is there twice is to be seen.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS ledger (account VARCHAR(255) NOT NULL, \
                      operation_key VARCHAR(255) NOT NULL, amount BIGINT NOT NULL)";
/// PostgreSQL lets two processes create the same table at once, and one of them fails. All of it is one transaction.
const CREATE_IN_TURN: &str = "SELECT pg_advisory_xact_lock(hashtext('ledger')); \
                              CREATE TABLE IF NOT EXISTS ledger (account VARCHAR(255) NOT NULL, \
                              operation_key VARCHAR(255) NOT NULL, amount BIGINT NOT NULL)";
const COUNT: &str = "SELECT count(*) FROM ledger";

impl Ledger {
    /// Creates the table where it is missing. Several processes may do so at once.
    pub(crate) async fn create(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Absent => Ok(()),
            Self::Sqlite(pool) => sqlx::raw_sql(CREATE).execute(pool).await.map(|_| ()),
            Self::Postgres(pool) => sqlx::raw_sql(CREATE_IN_TURN).execute(pool).await.map(|_| ()),
            Self::MySql(pool) => sqlx::raw_sql(CREATE).execute(pool).await.map(|_| ()),
        }
    }

    /// Rows, 0 where there is no table.
    pub(crate) async fn rows(&self) -> Result<u64, sqlx::Error> {
        let rows: i64 = match self {
            Self::Absent => 0,
            Self::Sqlite(pool) => sqlx::query_scalar(COUNT).fetch_one(pool).await?,
            Self::Postgres(pool) => sqlx::query_scalar(COUNT).fetch_one(pool).await?,
            Self::MySql(pool) => sqlx::query_scalar(COUNT).fetch_one(pool).await?,
        };
        Ok(rows.unsigned_abs())
    }
}
