//! Sweeping and reaping of records whose lease or life has ended, a bounded step at a time.

use std::path::Path;

use rusqlite::{Connection, params};

use super::change::{Change, write_all};
use super::error::Failure;
use super::link::{Link, transact};
use super::rules::RoundSettings;
use super::transaction::{Broken, TransactionEnd};
use super::{row, sql};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{self, Namespace, Record, Swept};
use crate::store::{Sweep, SweepCount};

/// T9 for up to `limit` records, in one transaction.
pub(super) fn reap(link: &mut Link, rules: &RoundSettings, limit: usize) -> Result<usize, Broken> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let reaped = transact(link, |connection, path| {
        Ok((delete_expired(connection, path, rules.now(), limit)?, TransactionEnd::Commit))
    });
    Ok(usize::try_from(reaped?).unwrap_or(usize::MAX))
}

/// Drops up to `limit` expired records, the longest expired first, inside the caller's transaction.
pub(super) fn delete_expired(
    connection: &Connection,
    path: &Path,
    now: Timestamp,
    limit: u64,
) -> Result<u64, Failure> {
    let reap =
        || connection.prepare_cached(sql::REAP)?.execute([row::signed(now.as_micros()), row::signed(limit)]);
    let reaped = reap().map_err(|error| Failure::of(error, path))?;
    Ok(u64::try_from(reaped).unwrap_or(u64::MAX))
}

/// T7 for up to `sweep.limit` abandoned records, in one transaction.
pub(super) fn sweep(link: &mut Link, rules: &RoundSettings, sweep: &Sweep) -> Result<SweepCount, Broken> {
    transact(link, |connection, path| {
        let now = rules.now();
        let grace = u64::try_from(sweep.grace.as_micros()).unwrap_or(u64::MAX);
        let mut count = SweepCount::default();
        let Some(lapsed_by) = now.as_micros().checked_sub(grace) else {
            return Ok((count, TransactionEnd::RollBack));
        };
        let limit = i64::try_from(sweep.limit).unwrap_or(i64::MAX);
        let found = abandoned(connection, row::signed(lapsed_by), limit, &sweep.namespace);
        let mut changes = Vec::new();
        for (address, before) in found.map_err(|error| Failure::of(error, path))? {
            let mut after = before.clone();
            match protocol::sweep(&mut after, &sweep.namespace, sweep.grace, sweep.retention, now) {
                Swept::Kept => {}
                Swept::Unknown => count.unknown += 1,
                Swept::Released => count.released += 1,
            }
            changes.extend(Change::between(address, Some(before), Some(after)));
        }
        write_all(connection, path, &changes)?;
        Ok((count, TransactionEnd::Commit))
    })
}

/// Running records whose lease ended by then, without those that are damaged: these are left alone, and told to a caller
/// that asks for them by their keys.
fn abandoned(
    connection: &Connection,
    by: i64,
    limit: i64,
    namespace: &Namespace,
) -> rusqlite::Result<Vec<(Address, Record)>> {
    let mut statement = connection.prepare_cached(sql::ABANDONED)?;
    let mut rows = statement.query(params![by, limit, namespace.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let (Ok(address), Ok(record)) = (row::address(row), row::record(row)) {
            found.push((address, record));
        }
    }
    Ok(found)
}
