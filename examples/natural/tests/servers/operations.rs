//! The operations of the example, in both dialects.

use sqlx::{Any, AnyPool, Executor, Result, Row};
use tokio::task::yield_now;

use super::{Dialect, Place};

pub(crate) async fn set(at: &Place) -> Result<u64> {
    let sql = match at.dialect {
        Dialect::Postgres => {
            "INSERT INTO {t}_goods AS g VALUES (1, 7, 1) ON CONFLICT (id) DO UPDATE SET stock = excluded.stock"
        }
        Dialect::MariaDb => {
            "INSERT INTO {t}_goods VALUES (1, 7, 1) ON DUPLICATE KEY UPDATE stock = VALUES(stock)"
        }
    };
    at.run(&at.db, sql).await
}

pub(crate) async fn add(at: &Place) -> Result<u64> {
    let sql = match at.dialect {
        Dialect::Postgres => {
            "INSERT INTO {t}_goods AS g VALUES (1, 7, 1)
             ON CONFLICT (id) DO UPDATE SET stock = g.stock + excluded.stock"
        }
        Dialect::MariaDb => {
            "INSERT INTO {t}_goods VALUES (1, 7, 1) ON DUPLICATE KEY UPDATE stock = stock + VALUES(stock)"
        }
    };
    at.run(&at.db, sql).await
}

/// True if it is in place.
pub(crate) async fn correct(at: &Place) -> Result<bool> {
    let sql = "UPDATE {t}_goods SET stock = 7, version = version + 1 WHERE id = 1 AND version = 1";
    if at.run(&at.db, sql).await? == 1 {
        return Ok(true);
    }
    version(at).await?;
    Ok(false)
}

pub(crate) async fn look_then_correct(at: &Place) -> Result<bool> {
    if version(at).await? != Some(1) {
        return Ok(false);
    }
    yield_now().await;
    at.run(&at.db, "UPDATE {t}_goods SET stock = 7, version = version + 1 WHERE id = 1").await?;
    Ok(true)
}

async fn version(at: &Place) -> Result<Option<i64>> {
    let row = at.look(&at.db, "SELECT version FROM {t}_goods WHERE id = 1").await?;
    row.map(|row| row.try_get(0)).transpose()
}

pub(crate) async fn insert(at: &Place) -> Result<u64> {
    mark(at, &at.db).await
}

pub(crate) async fn look_then_insert(at: &Place) -> Result<()> {
    note_unless(at, &at.db, "SELECT id FROM {t}_notes WHERE id = 17").await
}

pub(crate) async fn look_anywhere_then_insert(at: &Place) -> Result<()> {
    note_unless(at, &at.db, "SELECT id FROM {t}_notes").await
}

/// PostgreSQL only: the database itself notices that two looked and both wrote.
pub(crate) async fn look_then_insert_serializable(at: &Place) -> Result<()> {
    let mut tx = at.db.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await?;
    if at.look(&mut *tx, "SELECT id FROM {t}_notes WHERE id = 17").await?.is_none() {
        at.run(&mut *tx, "INSERT INTO {t}_notes VALUES (17)").await?;
    }
    tx.commit().await
}

async fn note_unless(at: &Place, db: &AnyPool, look: &str) -> Result<()> {
    let known = at.look(db, look).await?;
    yield_now().await;
    if known.is_none() {
        at.run(db, "INSERT INTO {t}_notes VALUES (17)").await?;
    }
    Ok(())
}

pub(crate) async fn credit(at: &Place) -> Result<()> {
    let mut tx = at.db.begin().await?;
    if mark(at, &mut *tx).await? == 1 {
        at.run(&mut *tx, ADD).await?;
    }
    tx.commit().await
}

pub(crate) async fn credit_unmarked(at: &Place) -> Result<u64> {
    at.run(&at.db, ADD).await
}

pub(crate) async fn mark_then_credit(at: &Place) -> Result<()> {
    if mark(at, &at.db).await? == 1 {
        yield_now().await;
        at.run(&at.db, ADD).await?;
    }
    Ok(())
}

const ADD: &str = "UPDATE {t}_goods SET stock = stock + 40 WHERE id = 1";

/// 1 if it is the first.
async fn mark(at: &Place, db: impl Executor<'_, Database = Any>) -> Result<u64> {
    let sql = match at.dialect {
        Dialect::Postgres => "INSERT INTO {t}_applied VALUES (17) ON CONFLICT (id) DO NOTHING",
        Dialect::MariaDb => "INSERT IGNORE INTO {t}_applied VALUES (17)",
    };
    at.run(db, sql).await
}
