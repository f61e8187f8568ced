//! The table, and how a database gets it.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::fault::fault;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{Failure, Fault};
use crate::store::sql::{TableName, version};

/// The migrations in order; the n-th, from 1, leads to schema version n. Each is a single statement and writes its
/// version into the comment of the table: the server commits every change of a table by itself, so that this is the
/// only way in which one cannot be done by halves.
const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// What stands before the version in the comment.
const COMMENT: &str = "idem schema ";

/// Taken while migrating, so that processes that start together do it once.
const LOCK: &str = "SELECT CAST(COALESCE(GET_LOCK('idem.migrate', 15), 0) AS SIGNED)";
const UNLOCK: &str = "DO RELEASE_LOCK('idem.migrate')";

const LOOK: &str = "SELECT table_comment, engine FROM information_schema.tables \
     WHERE table_schema = COALESCE(?, DATABASE()) AND table_name = ?";

/// The migrations for a table of this name.
pub(super) fn migrations(name: &TableName) -> Vec<String> {
    MIGRATIONS.iter().map(|migration| name.fill(migration, '`')).collect()
}

/// Refuses a database whose schema is not exactly the one that this code knows.
pub(super) async fn check(connection: &mut MySqlConnection, name: &TableName) -> Result<(), Fault> {
    version::check(version(connection, name).await?, MIGRATIONS.len(), name, "MySqlStore::migrations")
}

/// Brings a database to the current schema. Several processes may try at once.
pub(super) async fn migrate(connection: &mut MySqlConnection, name: &TableName) -> Result<(), Fault> {
    if version(connection, name).await? == MIGRATIONS.len() {
        return Ok(());
    }
    let locked = sqlx::raw_sql(LOCK).fetch_one(&mut *connection).await.map_err(fault)?;
    if locked.try_get::<i64, _>(0).map_err(fault)? != 1 {
        let message = "another process has been setting up the table for too long: is it stuck?";
        return Err(Fault::Shut(Failure::new(StoreErrorKind::Unavailable, message)));
    }
    let found = version(connection, name).await?;
    let Some(missing) = MIGRATIONS.get(found..) else { return Err(version::newer(name)) };
    for migration in missing {
        let migration = name.fill(migration, '`');
        sqlx::raw_sql(AssertSqlSafe(migration)).execute(&mut *connection).await.map_err(fault)?;
    }
    sqlx::raw_sql(UNLOCK).execute(&mut *connection).await.map_err(fault)?;
    check(connection, name).await
}

/// 0 where there is nothing.
async fn version(connection: &mut MySqlConnection, name: &TableName) -> Result<usize, Fault> {
    let (schema, table) = name.parts();
    let query = sqlx::query(LOOK).bind(schema).bind(table);
    let Some(row) = query.fetch_optional(&mut *connection).await.map_err(fault)? else { return Ok(0) };
    let text =
        |at: usize| row.try_get::<Vec<u8>, _>(at).map(|text| String::from_utf8_lossy(&text).into_owned());
    let (comment, engine) = (text(0).map_err(fault)?, text(1).map_err(fault)?);
    let Some(version) = comment.strip_prefix(COMMENT).and_then(|version| version.parse().ok()) else {
        return Err(version::refused(
            StoreErrorKind::Misconfigured,
            format!(
                "there is a table {name} whose comment is {comment:?}: idem's says `{COMMENT}` and its version. Is it \
                 another's?"
            ),
        ));
    };
    if !engine.eq_ignore_ascii_case("InnoDB") {
        return Err(version::refused(
            StoreErrorKind::Misconfigured,
            format!("the table {name} is kept by {engine}, which cannot undo what fails: it must be InnoDB"),
        ));
    }
    Ok(version)
}
