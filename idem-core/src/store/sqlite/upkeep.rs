//! What time does to records: sweeping and reaping, a bounded step at a time.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;

use super::change::Change;
use super::error::Failure;
use super::link::Link;
use super::round::{Rules, transact, write_all};
use super::transaction::{Broken, End};
use super::{row, sql};
use crate::protocol::{self, Swept};
use crate::store::{Sweep, SweepCount};
use crate::time::Timestamp;

/// T9 for up to `limit` records, in one transaction.
pub(super) async fn reap(link: &mut Link, rules: &Rules, limit: usize) -> Result<usize, Broken> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let reaped = transact(link, async |connection, path| {
        Ok((delete_expired(connection, path, rules.now(), limit).await?, End::Commit))
    });
    Ok(usize::try_from(reaped.await?).unwrap_or(usize::MAX))
}

/// Drops up to `limit` expired records, the longest expired first, inside the caller's transaction.
pub(super) async fn delete_expired(
    connection: &mut SqliteConnection,
    path: &Path,
    now: Timestamp,
    limit: u64,
) -> Result<u64, Failure> {
    let reap = sqlx::query(sql::REAP).bind(row::signed(now.as_micros())).bind(row::signed(limit));
    let done = reap.execute(connection).await.map_err(|error| Failure::of(error, path))?;
    Ok(done.rows_affected())
}

/// T7 for up to `sweep.limit` abandoned records, in one transaction.
pub(super) async fn sweep(link: &mut Link, rules: &Rules, sweep: &Sweep) -> Result<SweepCount, Broken> {
    transact(link, async |connection, path| {
        let now = rules.now();
        let grace = u64::try_from(sweep.grace.as_micros()).unwrap_or(u64::MAX);
        let mut count = SweepCount::default();
        let Some(lapsed_by) = now.as_micros().checked_sub(grace) else { return Ok((count, End::RollBack)) };
        let limit = i64::try_from(sweep.limit).unwrap_or(i64::MAX);
        let rows =
            sqlx::query(sql::ABANDONED).bind(row::signed(lapsed_by)).bind(limit).fetch_all(&mut *connection);
        let rows = rows.await.map_err(|error| Failure::of(error, path))?;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            // Damaged: left alone, and told to whoever asks for it by its key.
            let (Ok(address), Ok(before)) = (row::address(row), row::record(row)) else { continue };
            let mut after = before.clone();
            match protocol::sweep(&mut after, sweep.grace, sweep.retention, now) {
                Swept::Kept => {}
                Swept::Unknown => count.unknown += 1,
                Swept::Released => count.released += 1,
            }
            changes.extend(Change::between(address, Some(before), Some(after)));
        }
        write_all(connection, path, &changes).await?;
        Ok((count, End::Commit))
    })
    .await
}
