//! A round: the operations that wait, done together.
//!
//! The records are read, [`protocol`](crate::protocol) itself decides in memory (several operations
//! on one key see each other's effect in turn), and only the differences are written, in one transaction. Every write
//! names the state, fence, nonce and times that were read, so it does nothing if another process was faster; then the
//! round is decided again under the write lock. An operation that changes nothing (a replay, a duplicate) is answered
//! from what was read and waits for no lock.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::Connection;

use super::change::{self, Change, Written, write_all};
use super::error::Failure;
use super::link::{Link, transact};
use super::load::{Loaded, load};
use super::operation::Operation;
use super::rules::RoundSettings;
use super::sql;
use super::transaction::{Broken, TransactionEnd};
use super::upkeep::delete_expired;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::store::{StoreError, StoreErrorKind};

type Operations = Vec<Box<dyn Operation>>;

/// What a round learned about the database.
#[must_use]
pub(super) enum Flow {
    /// The file takes writes.
    Open,
    /// The file takes no writes for now, and another try would wait just as long.
    Shut(Failure),
}

/// Runs and answers the operations. If they cannot be done together, each is tried alone, so that a bad one does not
/// make the others fail.
pub(super) fn run(link: &mut Link, rules: &RoundSettings, mut operations: Operations) -> Flow {
    // Stable: operations on one key keep their order.
    operations.sort_by_key(|operation| operation.address());
    let changes = match look(link, rules, &mut operations) {
        Ok(changes) => changes,
        Err(failure) => return finish(operations, Err(Broken::Begin(failure))),
    };
    let changing: HashSet<Address> = changes.iter().map(Change::address).collect();
    let (mut operations, told): (Operations, Operations) =
        operations.into_iter().partition(|operation| changing.contains(&operation.address()));
    told.into_iter().for_each(Operation::answer);

    let done = match write(link, rules, &changes) {
        Ok(Written::All) => Ok(()),
        // Repeated under the lock also where a statement failed: other operations of the batch may have caused the failure.
        Ok(Written::Beaten) | Err(Broken::Inside(_)) => locked(link, rules, &mut operations),
        Err(broken) => Err(broken),
    };
    match done {
        Err(Broken::Inside(_)) if operations.len() > 1 => one_by_one(link, rules, operations),
        done => finish(operations, done),
    }
}

fn one_by_one(link: &mut Link, rules: &RoundSettings, operations: Operations) -> Flow {
    let mut flow = Flow::Open;
    for operation in operations {
        let mut one = vec![operation];
        let done = match &flow {
            Flow::Open => locked(link, rules, &mut one),
            Flow::Shut(failure) => Err(Broken::Begin(failure.clone())),
        };
        flow = finish(one, done);
    }
    flow
}

/// Answers every operation with its own outcome, or with what broke for all of them.
pub(super) fn finish(mut operations: Operations, done: Result<(), Broken>) -> Flow {
    let flow = match done {
        Ok(()) => Flow::Open,
        Err(broken) => {
            let (Broken::Begin(failure) | Broken::Inside(failure) | Broken::Commit(failure)) = &broken;
            for operation in &mut operations {
                operation.refuse(failure.to_error());
            }
            match broken {
                Broken::Begin(failure) => Flow::Shut(failure),
                Broken::Inside(_) | Broken::Commit(_) => Flow::Open,
            }
        }
    };
    operations.into_iter().for_each(Operation::answer);
    flow
}

/// Reads, and decides without a lock.
fn look(link: &mut Link, rules: &RoundSettings, operations: &mut Operations) -> Result<Vec<Change>, Failure> {
    let path = link.path();
    match load(link.connection()?, &addresses(operations)) {
        Ok(records) => Ok(decide(operations, records, rules.now(), u64::MAX)),
        Err(error) => {
            link.discard();
            Err(Failure::of(error, &path))
        }
    }
}

/// Writes what was decided without a lock. Where a bound is to be kept, the lock must be had first.
fn write(link: &mut Link, rules: &RoundSettings, changes: &[Change]) -> Result<Written, Broken> {
    if changes.is_empty() {
        return Ok(Written::All);
    }
    if rules.max_records.is_some() {
        return Ok(Written::Beaten);
    }
    if !change::is_alone(changes) {
        let write = |connection: &Connection, path: &Path| {
            let written = change::write(connection, changes).map_err(|error| Failure::of(error, path))?;
            Ok((
                written,
                if written == Written::All { TransactionEnd::Commit } else { TransactionEnd::RollBack },
            ))
        };
        return transact(link, write);
    }
    // A single guarded statement is a transaction by itself, and its COMMIT is part of it.
    let path = link.path();
    let connection = link.connection().map_err(Broken::Begin)?;
    match change::write(connection, changes) {
        Ok(written) => Ok(written),
        Err(error) => {
            link.discard();
            let failure = Failure::of_commit(error, &path);
            Err(if failure.is_busy() {
                Broken::Begin(failure)
            } else if failure.is_refusal() {
                Broken::Inside(failure)
            } else {
                Broken::Commit(failure)
            })
        }
    }
}

/// Reads, decides and writes under the write lock.
fn locked(link: &mut Link, rules: &RoundSettings, operations: &mut Operations) -> Result<(), Broken> {
    transact(link, |connection, path| {
        // Read under the lock, so that no write is stamped before the one it follows.
        let now = rules.now();
        let room = room(connection, path, rules, operations.len(), now)?;
        let records = load(connection, &addresses(operations));
        let records = records.map_err(|error| Failure::of(error, path))?;
        let changes = decide(operations, records, now, room);
        write_all(connection, path, &changes)?;
        Ok(((), TransactionEnd::Commit))
    })
}

fn addresses(operations: &Operations) -> Vec<Address> {
    let mut addresses: Vec<_> = operations.iter().map(|operation| operation.address()).collect();
    addresses.dedup();
    addresses
}

/// Lets every operation decide on its record, and says what is to be written. At most `room` keys may be new.
fn decide(operations: &mut Operations, mut records: Loaded, now: Timestamp, mut room: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for group in operations.chunk_by_mut(|a, b| a.address() == b.address()) {
        let Some(address) = group.first().map(|operation| operation.address()) else { continue };
        let before = match records.remove(&address).transpose() {
            Ok(before) => before,
            Err(unreadable) => {
                for operation in group {
                    operation.refuse(unreadable.to_error(address));
                }
                continue;
            }
        };
        let mut record = before.clone();
        for operation in group {
            let was_absent = record.is_none();
            operation.apply(&mut record, now);
            match (was_absent, record.is_none()) {
                (true, false) if room == 0 => {
                    record = None;
                    operation.refuse(full());
                }
                (true, false) => room -= 1,
                (false, true) => room = room.saturating_add(1),
                (true, true) | (false, false) => {}
            }
        }
        changes.extend(Change::between(address, before, record));
    }
    changes
}

fn full() -> StoreError {
    StoreError::new(
        StoreErrorKind::CapacityExceeded,
        "the store holds `max_records` unexpired records: raise the bound or shorten the retention",
    )
}

/// How many new keys fit. Near the bound, expired records make room first.
fn room(
    connection: &Connection,
    path: &Path,
    rules: &RoundSettings,
    wanted: usize,
    now: Timestamp,
) -> Result<u64, Failure> {
    let Some(bound) = rules.max_records else { return Ok(u64::MAX) };
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let records = || connection.prepare_cached(sql::RECORDS)?.query_row([], |row| row.get::<_, i64>(0));
    let records = records().map_err(|error| Failure::of(error, path))?;
    let room = bound.saturating_sub(records.try_into().unwrap_or(0));
    if room >= wanted {
        return Ok(room);
    }
    let reaped = delete_expired(connection, path, now, wanted - room)?;
    Ok(room.saturating_add(reaped))
}
