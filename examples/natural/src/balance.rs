//! A difference, which only a mark beside it makes safe.

use sqlx::{Executor, Result, Sqlite, SqlitePool};
use tokio::task::yield_now;

/// A credit. Safe: its mark and its effect are committed together, so that each says what the other does.
///
/// The marks have to be kept for as long as a repeat may come. That, with the answer kept as well, is what idem does.
pub(crate) async fn credit(db: &SqlitePool, credit: i64, account: &str, amount: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    if mark(&mut *tx, credit).await? {
        add(&mut *tx, account, amount).await?;
    }
    tx.commit().await
}

/// **Not safe**: each run adds it.
pub(crate) async fn credit_unmarked(db: &SqlitePool, account: &str, amount: i64) -> Result<()> {
    add(db, account, amount).await
}

/// **Not safe**: a crash between the two leaves a mark without its effect, and every repeat believes the mark. Run
/// twice and by many at once it behaves.
pub(crate) async fn mark_then_credit(db: &SqlitePool, credit: i64, account: &str, amount: i64) -> Result<()> {
    if mark(db, credit).await? {
        yield_now().await; // stands for what a service does in between
        add(db, account, amount).await?;
    }
    Ok(())
}

/// Whether it is the first with this credit.
async fn mark(db: impl Executor<'_, Database = Sqlite>, credit: i64) -> Result<bool> {
    let mark = sqlx::query("INSERT INTO applied (credit) VALUES ($1) ON CONFLICT (credit) DO NOTHING");
    Ok(mark.bind(credit).execute(db).await?.rows_affected() == 1)
}

async fn add(db: impl Executor<'_, Database = Sqlite>, account: &str, amount: i64) -> Result<()> {
    let add = sqlx::query("UPDATE accounts SET balance = balance + $2 WHERE id = $1");
    add.bind(account).bind(amount).execute(db).await.map(drop)
}
