//! The effects outside of idem: those in a history, and those in a ledger.

use std::io;
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, Row};

use super::Event;

/// What has happened so far.
///
/// # Errors
/// The file cannot be read.
pub fn read(history: &Path) -> io::Result<Vec<Event>> {
    // A process that dies while it writes may leave half a line. Half a line is left out: the process told no caller of it.
    let text = std::fs::read_to_string(history)?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Whether a handler had its effect under this key: what an operator would find out.
///
/// # Errors
/// The database at `url` cannot be asked.
pub async fn happened(history: &[Event], url: &str, key: &str) -> Result<bool, sqlx::Error> {
    Ok(has_effect(history, key) || !ledger(url, key).await?.is_empty())
}

fn has_effect(history: &[Event], key: &str) -> bool {
    let mine = |call: &String| {
        history.iter().any(
            |event| matches!(event, Event::Invoked { call: of, .. } if of.call == *call && of.key == key),
        )
    };
    history.iter().any(|event| matches!(event, Event::Effect { call, .. } if mine(call)))
}

/// The runs that left a row in `ledger (subject, run)` of the database at `url`; none where that is not a database.
///
/// # Errors
/// The database cannot be asked.
pub async fn ledger(url: &str, key: &str) -> Result<Vec<String>, sqlx::Error> {
    match url.split(':').next() {
        Some("sqlite") => rows::<sqlx::SqliteConnection>(url, key).await,
        Some("postgres" | "postgresql") => rows::<sqlx::PgConnection>(url, key).await,
        Some("mysql" | "mariadb") => rows::<sqlx::MySqlConnection>(url, key).await,
        _ => Ok(Vec::new()),
    }
}

async fn rows<C>(url: &str, key: &str) -> Result<Vec<String>, sqlx::Error>
where
    C: Connection,
    for<'c> &'c mut C: sqlx::Executor<'c, Database = C::Database>,
    for<'r> String: sqlx::Decode<'r, C::Database> + sqlx::Type<C::Database>,
    usize: sqlx::ColumnIndex<<C::Database as sqlx::Database>::Row>,
{
    let mut connection = C::connect(url).await?;
    let sql = format!("SELECT run FROM ledger WHERE subject = '{key}'");
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows.iter().map(|row| row.get::<String, usize>(0)).collect())
}
