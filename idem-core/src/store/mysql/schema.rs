//! The table, and how a database gets it.
//!
//! The comment of the column `namespace` holds the schema's number; that of the table the oldest schema that a process may
//! know which uses it. See [`version`](crate::store::sql::version).

use std::time::Duration;

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::fault::{fault, is_denied, is_locked};
use super::rights;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::DriverFault;
use crate::store::sql::TableName;
use crate::store::sql::migration::{Pauses, Session, Stopped};
use crate::store::sql::version::{self, Version};

/// The migrations in order; the n-th, from 1, leads to schema version n. Each is a single statement and writes its
/// version into a comment: the server commits every change of a table by itself, so that this is the only way in which
/// one cannot be done by halves.
const MIGRATIONS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// What stands before the number in a comment.
const COMMENT: &str = "idem schema ";

/// The server takes no less than a second. Of this connection, which is closed afterwards.
const BRIEFLY: &str = "SET SESSION lock_wait_timeout = 1";
/// Taken while migrating, so that processes that start together do it once.
const LOCK: &str = "SELECT CAST(COALESCE(GET_LOCK('idem.migrate', 1), 0) AS SIGNED)";
const UNLOCK: &str = "DO RELEASE_LOCK('idem.migrate')";

const LOOK: &str = "SELECT t.table_comment, t.engine, COALESCE(c.column_comment, '') \
     FROM information_schema.tables t LEFT JOIN information_schema.columns c \
     ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.column_name = 'namespace' \
     WHERE t.table_schema = COALESCE(?, DATABASE()) AND t.table_name = ?";

/// Which sessions have the table locked: by what the server or a plugin says of its locks, or else which sessions have a
/// transaction open. A view that the user may not see or the server does not have is an error, or empty, and the next
/// query is asked. Each takes the table's schema and name.
const HOLDERS: [&str; 4] = [
    "SELECT CAST(t.processlist_id AS SIGNED), t.processlist_user, t.processlist_host, \
     CAST(t.processlist_time AS SIGNED) AS seconds FROM performance_schema.metadata_locks m \
     JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id \
     WHERE m.object_type = 'TABLE' AND m.object_schema = COALESCE(?, DATABASE()) AND m.object_name = ? \
     AND m.lock_status = 'GRANTED' AND t.processlist_id <> CONNECTION_ID() ORDER BY seconds DESC LIMIT 5",
    "SELECT CAST(p.id AS SIGNED), p.user, p.host, CAST(p.time AS SIGNED) AS seconds \
     FROM information_schema.metadata_lock_info m JOIN information_schema.processlist p ON p.id = m.thread_id \
     WHERE m.table_schema = COALESCE(?, DATABASE()) AND m.table_name = ? AND p.id <> CONNECTION_ID() \
     ORDER BY seconds DESC LIMIT 5",
    "SELECT CAST(p.id AS SIGNED), p.user, p.host, \
     CAST(TIMESTAMPDIFF(SECOND, x.trx_started, NOW()) AS SIGNED) AS seconds FROM information_schema.innodb_trx x \
     JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id \
     WHERE p.id <> CONNECTION_ID() AND p.db = COALESCE(?, DATABASE()) AND ? <> '' ORDER BY seconds DESC LIMIT 5",
    "SELECT CAST(p.id AS SIGNED), p.user, p.host, CAST(p.time AS SIGNED) AS seconds \
     FROM information_schema.processlist p \
     WHERE p.id <> CONNECTION_ID() AND p.db = COALESCE(?, DATABASE()) AND ? <> '' ORDER BY seconds DESC LIMIT 5",
];

/// Which session has the lock of the migrations.
const MIGRATES: &str = "SELECT CAST(p.id AS SIGNED), p.user, p.host, CAST(p.time AS SIGNED) \
     FROM information_schema.processlist p WHERE p.id = IS_USED_LOCK('idem.migrate')";

/// The migrations for a table of this name.
pub(super) fn migrations(name: &TableName) -> Vec<String> {
    MIGRATIONS.iter().map(|migration| name.fill(migration, '`')).collect()
}

/// Refuses a database that this code cannot use as it is.
pub(super) async fn check(connection: &mut MySqlConnection, name: &TableName) -> Result<(), DriverFault> {
    version(connection, name).await?.check(MIGRATIONS.len(), name, "MySqlStore::migrations")
}

/// Whether there is a table of idem's.
pub(super) async fn is_there(
    connection: &mut MySqlConnection,
    name: &TableName,
) -> Result<bool, DriverFault> {
    Ok(version(connection, name).await? != Version::NONE)
}

/// Brings a database to the current schema. Several processes may try at once. Gives up after `patience`, and says who has
/// the table.
///
/// A database that is there already is only looked at: no lock is taken.
///
/// # Cancel safety
/// A migration that has begun is finished by the server. Nothing stays behind that waits for the table longer than a
/// second.
pub(super) async fn migrate(
    connection: &mut MySqlConnection,
    name: &TableName,
    patience: Duration,
) -> Result<(), DriverFault> {
    let mut pauses = Pauses::within(patience);
    loop {
        if !version(connection, name).await?.is_older(MIGRATIONS.len(), name)? {
            return Ok(());
        }
        sqlx::raw_sql(BRIEFLY).execute(&mut *connection).await.map_err(fault)?;
        let locked = sqlx::raw_sql(LOCK).fetch_one(&mut *connection).await.map_err(fault)?;
        let in_the_way = if locked.try_get::<i64, _>(0).map_err(fault)? == 1 {
            let migrated = run_missing(connection, name).await;
            sqlx::raw_sql(UNLOCK).execute(&mut *connection).await.map_err(fault)?;
            match migrated {
                Ok(()) => return check(connection, name).await,
                Err(Stopped::Locked) => holders(connection, name).await,
                Err(Stopped::Failed(failed)) => return Err(failed),
            }
        } else {
            let rows = sqlx::raw_sql(MIGRATES).fetch_all(&mut *connection).await.map_err(fault)?;
            sessions(&rows)
        };
        pauses.pause(name, &in_the_way).await?;
    }
}

async fn run_missing(connection: &mut MySqlConnection, name: &TableName) -> Result<(), Stopped> {
    let found = version(connection, name).await?;
    // Another process may have migrated meanwhile: then none is missing.
    found.is_older(MIGRATIONS.len(), name)?;
    for migration in MIGRATIONS.get(found.schema..).unwrap_or_default() {
        let migration = name.fill(migration, '`');
        let done = sqlx::raw_sql(AssertSqlSafe(migration)).execute(&mut *connection).await;
        match done {
            Ok(_) => {}
            Err(error) if is_locked(&error) => return Err(Stopped::Locked),
            Err(error) if is_denied(&error) => {
                return Err(Stopped::Failed(rights::of_migration(connection, name).await));
            }
            Err(error) => return Err(Stopped::Failed(fault(error))),
        }
    }
    Ok(())
}

async fn holders(connection: &mut MySqlConnection, name: &TableName) -> Vec<Session> {
    let (schema, table) = name.parts();
    for question in HOLDERS {
        let rows = sqlx::query(question).bind(schema).bind(table).fetch_all(&mut *connection).await;
        let sessions = rows.map(|rows| sessions(&rows)).unwrap_or_default();
        if !sessions.is_empty() {
            return sessions;
        }
    }
    Vec::new()
}

fn sessions(rows: &[MySqlRow]) -> Vec<Session> {
    let text = |row: &MySqlRow, at: usize| {
        let bytes = row.try_get::<Option<Vec<u8>>, _>(at).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let session = |row: &MySqlRow| {
        let (user, of) = (text(row, 1), text(row, 2));
        Some(Session { id: row.try_get(0).ok()?, user, of, seconds: row.try_get(3).ok()? })
    };
    rows.iter().filter_map(session).collect()
}

async fn version(connection: &mut MySqlConnection, name: &TableName) -> Result<Version, DriverFault> {
    let (schema, table) = name.parts();
    let query = sqlx::query(LOOK).bind(schema).bind(table);
    let Some(row) = query.fetch_optional(&mut *connection).await.map_err(fault)? else {
        return Ok(Version::NONE);
    };
    let text =
        |at: usize| row.try_get::<Vec<u8>, _>(at).map(|text| String::from_utf8_lossy(&text).into_owned());
    let (comment, engine, newest) =
        (text(0).map_err(fault)?, text(1).map_err(fault)?, text(2).map_err(fault)?);
    let number = |comment: &str| comment.strip_prefix(COMMENT).and_then(|number| number.parse().ok());
    let Some(oldest) = number(&comment) else {
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
    // Before schema 3 the two were the same.
    Ok(Version { schema: number(&newest).unwrap_or(oldest), oldest })
}
