//! A change to what was read: compare and set.

use sqlx::{Result, SqlitePool};
use tokio::task::yield_now;

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The new stock is in place.
    Made,
    /// Another change came first, perhaps of an earlier attempt of the same caller. The fields are the present state.
    Late { stock: i64, version: i64 },
}

/// Counted again: `stock` instead of what stood there in version `seen`. Safe: the database compares and sets in one
/// statement, and only the first finds the version it names. The others read what it says now.
pub(crate) async fn correct(db: &SqlitePool, item: &str, seen: i64, stock: i64) -> Result<Change> {
    let changed =
        sqlx::query("UPDATE goods SET stock = $3, version = version + 1 WHERE id = $1 AND version = $2")
            .bind(item)
            .bind(seen)
            .bind(stock)
            .execute(db)
            .await?;
    if changed.rows_affected() == 1 {
        return Ok(Change::Made);
    }
    let (stock, version) = read(db, item).await?;
    Ok(Change::Late { stock, version })
}

/// **Not safe**: between the look and the change, the version can go on. Run twice it behaves.
pub(crate) async fn look_then_correct(db: &SqlitePool, item: &str, seen: i64, stock: i64) -> Result<Change> {
    let (now, version) = read(db, item).await?;
    if version != seen {
        return Ok(Change::Late { stock: now, version });
    }
    yield_now().await; // stands for what a service does in between
    sqlx::query("UPDATE goods SET stock = $2, version = version + 1 WHERE id = $1")
        .bind(item)
        .bind(stock)
        .execute(db)
        .await?;
    Ok(Change::Made)
}

async fn read(db: &SqlitePool, item: &str) -> Result<(i64, i64)> {
    sqlx::query_as("SELECT stock, version FROM goods WHERE id = $1").bind(item).fetch_one(db).await
}
