//! What a user may do, found when the store opens: all that is missing is told at once, with the statement that grants it.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::fault::{fault, is_denied, is_locked};
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::sql::TableName;

/// Statements that touch no row, each with the right that it needs.
const PROBES: [(&str, &str); 4] = [
    ("SELECT", "SELECT address FROM {table} WHERE FALSE"),
    (
        "INSERT",
        "INSERT INTO {table} (address, fence, until, created, attempts, format, state, after_crash, recipe, nonce, digest, \
         label, key_hint, reply) SELECT '', 0, 0, 0, 0, 0, 0, 0, 0, '', '', '', '', '' FROM (SELECT 1) x WHERE FALSE",
    ),
    ("UPDATE", "UPDATE {table} SET state = 1 WHERE FALSE"),
    ("DELETE", "DELETE FROM {table} WHERE FALSE"),
];

/// What a migration needs beside these.
const TO_MIGRATE: [&str; 2] = ["CREATE", "ALTER"];

/// Refuses a user that could not use the table, which is there.
pub(super) async fn check(connection: &mut MySqlConnection, name: &TableName) -> Result<(), DriverFault> {
    let lacks = lacks(connection, name).await?;
    if lacks.is_empty() { Ok(()) } else { Err(refused(connection, name, &lacks).await) }
}

/// What to say of a migration that was denied.
pub(super) async fn of_migration(connection: &mut MySqlConnection, name: &TableName) -> DriverFault {
    // Without a table nothing can be tried: all rights are granted.
    let all = || PROBES.iter().map(|(right, _)| *right).collect();
    let mut lacks: Vec<&str> = lacks(connection, name).await.unwrap_or_else(|_| all());
    lacks.extend(TO_MIGRATE);
    refused(connection, name, &lacks).await
}

async fn lacks(connection: &mut MySqlConnection, name: &TableName) -> Result<Vec<&'static str>, DriverFault> {
    let mut lacks = Vec::new();
    for (right, probe) in PROBES {
        // A constant and a name that `TableName` has checked.
        let probe = AssertSqlSafe(name.fill(probe, '`'));
        match sqlx::raw_sql(probe).execute(&mut *connection).await {
            Ok(_) => {}
            Err(error) if is_denied(&error) => lacks.push(right),
            // Another session has locked the whole table. That is no reason not to open, and the next probe would wait as long.
            Err(error) if is_locked(&error) => break,
            Err(error) => return Err(fault(error)),
        }
    }
    Ok(lacks)
}

async fn refused(connection: &mut MySqlConnection, name: &TableName, lacks: &[&str]) -> DriverFault {
    let who = "SELECT CAST(CURRENT_USER() AS CHAR), CAST(COALESCE(DATABASE(), '') AS CHAR)";
    let (user, database) = match sqlx::raw_sql(who).fetch_one(&mut *connection).await {
        Ok(row) => (row.try_get(0).unwrap_or_default(), row.try_get(1).unwrap_or_default()),
        Err(_) => (String::new(), String::new()),
    };
    let user = match user.rsplit_once('@') {
        Some((user, host)) => format!("'{}'@'{}'", user.replace('\'', "''"), host.replace('\'', "''")),
        None => "<user>".to_owned(),
    };
    let (schema, table) = name.parts();
    let message = format!(
        "the user {user} may not do all that idem needs; run: GRANT {} ON `{}`.`{table}` TO {user}; (only a migration needs \
         CREATE and ALTER: where another user runs it, open with `migrate(false)`)",
        lacks.join(", "),
        schema.unwrap_or(&database).replace('`', "``"),
    );
    DriverFault::Shut(Failure::new(StoreErrorKind::Misconfigured, message))
}
