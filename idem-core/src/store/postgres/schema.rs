//! The table and its functions, and how a database gets them.
//!
//! `{table}_schema()` is the schema's number; `{table}_version()` the oldest schema that a process may know which uses the
//! table. See [`version`](crate::store::sql::version).

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor, Row as _};

use super::fault::fault;
use crate::store::remote::failure::DriverFault;
use crate::store::sql::TableName;
use crate::store::sql::migration::{Pauses, Session, Stopped};
use crate::store::sql::version::Version;

/// The migrations in order; the n-th, from 1, leads to schema version n.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
];

/// The lock of those that migrate, so that processes that start together do it once: "idem" in ASCII. Neither it nor the
/// table is waited for longer than this.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '300ms'; SELECT pg_advisory_xact_lock(1768187245)";

/// Which sessions have the table locked, or the lock of the migrations, the longest transaction first.
const HOLDERS: &str = "SELECT DISTINCT a.pid::bigint, coalesce(a.usename::text, ''), coalesce(a.application_name, ''), \
     floor(extract(epoch FROM clock_timestamp() - a.xact_start))::bigint AS seconds \
     FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
     WHERE l.granted AND a.pid <> pg_backend_pid() \
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND (l.relation = to_regclass(E'{table}') \
     OR l.locktype = 'advisory' AND l.classid = 0 AND l.objid = 1768187245 AND l.objsubid = 1) \
     ORDER BY seconds DESC NULLS LAST LIMIT 5";

/// The migrations for a table of this name.
pub(super) fn migrations(name: &TableName) -> Vec<String> {
    MIGRATIONS.iter().map(|migration| name.fill(migration, '"')).collect()
}

/// Refuses a database that this code cannot use as it is.
pub(super) async fn check(connection: &mut PgConnection, name: &TableName) -> Result<(), DriverFault> {
    version(connection, name).await?.check(MIGRATIONS.len(), name, "PostgresStore::migrations")
}

/// Whether a table is there that must be migrated.
pub(super) async fn is_older(connection: &mut PgConnection, name: &TableName) -> Result<bool, DriverFault> {
    let found = version(connection, name).await?;
    Ok(found != Version::NONE && found.is_older(MIGRATIONS.len(), name)?)
}

/// Brings a database to the current schema, in one transaction. Several processes may try at once. Gives up after
/// `patience`, and says who has the table.
///
/// A database that is there already is only looked at: no lock is taken.
///
/// # Cancel safety
/// The migration is committed or not. Nothing stays behind that waits for the table longer than a moment.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    name: &TableName,
    patience: Duration,
) -> Result<(), DriverFault> {
    let mut pauses = Pauses::within(patience);
    loop {
        if !version(connection, name).await?.is_older(MIGRATIONS.len(), name)? {
            return Ok(());
        }
        if try_to_migrate(connection, name).await? {
            return Ok(());
        }
        let holders = holders(connection, name).await?;
        pauses.pause(name, &holders).await?;
    }
}

/// False if the table or the lock was not to be had at once.
async fn try_to_migrate(connection: &mut PgConnection, name: &TableName) -> Result<bool, DriverFault> {
    let migrated = in_a_transaction(connection, name).await;
    if let Ok(()) = migrated {
        return Ok(true);
    }
    let undone = connection.execute("ROLLBACK").await.map(drop).map_err(fault);
    match migrated {
        Ok(()) => Ok(true),
        Err(Stopped::Locked) => undone.map(|()| false),
        Err(Stopped::Failed(failed)) => Err(failed),
    }
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // `lock_not_available`, `deadlock_detected`.
        if matches!(code.as_deref(), Some("55P03" | "40P01")) {
            Self::Locked
        } else {
            Self::Failed(fault(error))
        }
    }
}

async fn in_a_transaction(connection: &mut PgConnection, name: &TableName) -> Result<(), Stopped> {
    sqlx::raw_sql(BEGIN).execute(&mut *connection).await?;
    let found = version(connection, name).await?;
    let mut sql = String::new();
    // Another process may have migrated meanwhile.
    if found.is_older(MIGRATIONS.len(), name)? {
        let missing = MIGRATIONS.get(found.schema..).unwrap_or_default();
        sql.extend(missing.iter().map(|migration| name.fill(migration, '"') + "\n"));
    }
    // In one message: once the table is locked, nothing waits for this process.
    sql.push_str("COMMIT");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
    Ok(())
}

async fn holders(connection: &mut PgConnection, name: &TableName) -> Result<Vec<Session>, DriverFault> {
    let sql = AssertSqlSafe(name.fill(HOLDERS, '"'));
    let rows = connection.fetch_all(sqlx::raw_sql(sql)).await.map_err(fault)?;
    let session = |row: &sqlx::postgres::PgRow| {
        let (id, user, of) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Session { id, user, of, seconds: row.try_get(3)? })
    };
    rows.iter().map(session).collect::<Result<_, sqlx::Error>>().map_err(fault)
}

async fn version(connection: &mut PgConnection, name: &TableName) -> Result<Version, DriverFault> {
    // Not prepared, so that a pooler may send each message to another connection. From a table, because that is what
    // makes a session look at what others have committed while it waited for the lock.
    let exists = "SELECT count(oid) FILTER (WHERE oid = to_regprocedure(E'{table_version}()')) > 0, \
         count(oid) FILTER (WHERE oid = to_regprocedure(E'{table_schema}()')) > 0 FROM pg_proc \
         WHERE oid IN (to_regprocedure(E'{table_version}()'), to_regprocedure(E'{table_schema}()'))";
    let row = one(connection, name.fill(exists, '"')).await?;
    let (has_version, has_schema): (bool, bool) =
        (row.try_get(0).map_err(fault)?, row.try_get(1).map_err(fault)?);
    if !has_version {
        return Ok(Version::NONE);
    }
    // Before schema 5 the two were the same.
    let schema = if has_schema { "{table_schema}()" } else { "{table_version}()" };
    let row = one(connection, name.fill(&format!("SELECT {schema}, {{table_version}}()"), '"')).await?;
    let number = |at: usize| {
        let number: i32 = row.try_get(at).map_err(fault)?;
        Ok(usize::try_from(number).unwrap_or_default())
    };
    Ok(Version { schema: number(0)?, oldest: number(1)? })
}

async fn one(connection: &mut PgConnection, sql: String) -> Result<sqlx::postgres::PgRow, DriverFault> {
    connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(fault)
}
