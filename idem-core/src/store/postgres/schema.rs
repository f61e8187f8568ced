//! The table and its functions, and how a database gets them.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::fault::fault;
use crate::store::remote::failure::Fault;
use crate::store::sql::{TableName, version};

/// The migrations in order; the n-th, from 1, leads to schema version n.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// Taken while migrating, so that processes that start together do it once: "idem" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1768187245)";

/// The migrations for a table of this name.
pub(super) fn migrations(name: &TableName) -> Vec<String> {
    MIGRATIONS.iter().map(|migration| name.fill(migration, '"')).collect()
}

/// Refuses a database whose schema is not exactly the one that this code knows.
pub(super) async fn check(connection: &mut PgConnection, name: &TableName) -> Result<(), Fault> {
    version::check(version(connection, name).await?, MIGRATIONS.len(), name, "PostgresStore::migrations")
}

/// Brings a database to the current schema, in one transaction. Several processes may try at once.
pub(super) async fn migrate(connection: &mut PgConnection, name: &TableName) -> Result<(), Fault> {
    if version(connection, name).await? == MIGRATIONS.len() {
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(fault)?;
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await.map_err(fault)?;
    let found = version(&mut transaction, name).await?;
    let Some(missing) = MIGRATIONS.get(found..) else { return Err(version::newer(name)) };
    for migration in missing {
        let migration = name.fill(migration, '"');
        sqlx::raw_sql(AssertSqlSafe(migration)).execute(&mut *transaction).await.map_err(fault)?;
    }
    transaction.commit().await.map_err(fault)
}

/// 0 where there is nothing.
async fn version(connection: &mut PgConnection, name: &TableName) -> Result<usize, Fault> {
    // Not prepared, so that a pooler may send each message to another connection. From a table, because that is what
    // makes a session look at what others have committed while it waited for the lock.
    let exists =
        name.fill("SELECT count(*) > 0 FROM pg_proc WHERE oid = to_regprocedure('{table_version}()')", '"');
    if !scalar::<bool>(connection, exists).await? {
        return Ok(0);
    }
    let version: i32 = scalar(connection, name.fill("SELECT {table_version}()", '"')).await?;
    Ok(usize::try_from(version).unwrap_or_default())
}

async fn scalar<T>(connection: &mut PgConnection, sql: String) -> Result<T, Fault>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    use sqlx::{Executor, Row};
    let row = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(fault)?;
    row.try_get(0).map_err(fault)
}
