//! A value that is set, and one that is added to.

use sqlx::{Result, SqlitePool};

/// There are `stock` of them now. Safe: a repetition writes the same.
pub(crate) async fn set(db: &SqlitePool, item: &str, stock: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO goods (id, stock, version) VALUES ($1, $2, 1)
         ON CONFLICT (id) DO UPDATE SET stock = excluded.stock",
    )
    .bind(item)
    .bind(stock)
    .execute(db)
    .await
    .map(drop)
}

/// `more` have come in. **Not safe**: an upsert by its looks, but each run adds them.
pub(crate) async fn add(db: &SqlitePool, item: &str, more: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO goods (id, stock, version) VALUES ($1, $2, 1)
         ON CONFLICT (id) DO UPDATE SET stock = stock + excluded.stock",
    )
    .bind(item)
    .bind(more)
    .execute(db)
    .await
    .map(drop)
}
