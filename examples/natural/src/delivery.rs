//! A new row with a name of its own.

use sqlx::{Result, SqlitePool};
use tokio::task::yield_now;

/// Writes a delivery down. Safe: the primary key lets one in.
pub(crate) async fn insert(db: &SqlitePool, id: i64, item: &str) -> Result<()> {
    sqlx::query("INSERT INTO deliveries (id, item) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
        .bind(id)
        .bind(item)
        .execute(db)
        .await
        .map(drop)
}

/// **Not safe**: the table has no key, and two that look at the same time both see nothing. Run twice it behaves.
pub(crate) async fn look_then_insert(db: &SqlitePool, id: i64, item: &str) -> Result<()> {
    let known = sqlx::query("SELECT 1 FROM notes WHERE delivery = $1").bind(id).fetch_optional(db).await?;
    yield_now().await; // stands for what a service does in between
    if known.is_some() {
        return Ok(());
    }
    note(db, id, item).await
}

/// **Not safe**: the look-up has lost its `WHERE`, so any delivery passes for this one, and it is never written down.
/// On an empty table it behaves.
pub(crate) async fn look_anywhere_then_insert(db: &SqlitePool, id: i64, item: &str) -> Result<()> {
    let known = sqlx::query("SELECT 1 FROM notes").fetch_optional(db).await?;
    if known.is_some() {
        return Ok(());
    }
    note(db, id, item).await
}

async fn note(db: &SqlitePool, id: i64, item: &str) -> Result<()> {
    let insert = sqlx::query("INSERT INTO notes (delivery, item) VALUES ($1, $2)");
    insert.bind(id).bind(item).execute(db).await.map(drop)
}
