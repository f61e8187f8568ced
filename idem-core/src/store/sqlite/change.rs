//! What a round does to a record, as one guarded statement.

use std::path::Path;

use rusqlite::{Connection, ToSql, params_from_iter};

use super::error::Failure;
use super::row::Row;
use super::sql;
use crate::address::Address;
use crate::protocol::{Record, State};
use crate::store::StoreErrorKind;

/// A difference between a record as it was read and as it must be.
#[derive(Debug)]
pub(super) struct Change {
    address: Address,
    kind: Kind,
}

/// Boxed, because most rounds change few records and a record is large.
#[derive(Debug)]
enum Kind {
    Insert(Box<Record>),
    Reclaim(Box<[Record; 2]>),
    Move(Box<[Record; 2]>),
    Lease(Box<[Record; 2]>),
    Delete(Box<Record>),
}

impl Change {
    pub(super) const fn address(&self) -> Address {
        self.address
    }

    /// `None` if nothing is to be written.
    pub(super) fn between(address: Address, before: Option<Record>, after: Option<Record>) -> Option<Self> {
        let kind = match (before, after) {
            (None, None) => return None,
            (None, Some(new)) => Kind::Insert(Box::new(new)),
            (Some(old), None) => Kind::Delete(Box::new(old)),
            (Some(old), Some(new)) if old == new => return None,
            (Some(old), Some(new)) => {
                let both = Box::new([old, new]);
                let [old, new] = &*both;
                match (&old.state, &new.state) {
                    _ if !same_run(old, new) => Kind::Reclaim(both),
                    (State::Running { .. }, State::Running { .. }) => Kind::Lease(both),
                    _ => Kind::Move(both),
                }
            }
        };
        Some(Self { address, kind })
    }
}

/// True if nothing but the state and the last order can differ.
fn same_run(old: &Record, new: &Record) -> bool {
    old.owner == new.owner
        && old.attempts == new.attempts
        && old.after_crash == new.after_crash
        && old.fingerprint == new.fingerprint
        && old.created == new.created
        && old.label == new.label
        && old.key_hint == new.key_hint
        && old.terms == new.terms
}

/// Whether changes found their records as they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Written {
    /// All records still were as they were read, and are written.
    All,
    /// Another process changed one of the records in between.
    Beaten,
}

/// Writes each change whose record still is as it was read. Unless [`is_alone`], the caller must be in a transaction,
/// to undo what was written before a change that was beaten or failed.
pub(super) fn write(connection: &Connection, changes: &[Change]) -> rusqlite::Result<Written> {
    let mut numbered = None;
    for change in changes {
        // Mostly they are all the same.
        if let Some(new) = change.new_row() {
            let texts = (&new.label, &new.terms);
            if numbered != Some(texts) {
                connection.prepare_cached(sql::NUMBER)?.execute([new.label.as_str()])?;
                if let Some(terms) = &new.terms {
                    connection.prepare_cached(sql::NUMBER_TERMS)?.execute([terms.to_string()])?;
                }
                numbered = Some(texts);
            }
        }
        if change.execute(connection)? != 1 {
            return Ok(Written::Beaten);
        }
    }
    Ok(Written::All)
}

/// True if the changes are a single statement, which is a transaction by itself.
pub(super) fn is_alone(changes: &[Change]) -> bool {
    matches!(changes, [change] if change.new_row().is_none())
}

impl Change {
    /// A row that is written as a whole.
    fn new_row(&self) -> Option<&Record> {
        match &self.kind {
            Kind::Insert(new) => Some(new),
            Kind::Reclaim(both) => Some(&both[1]),
            Kind::Move(_) | Kind::Lease(_) | Kind::Delete(_) => None,
        }
    }

    /// How many rows it touched.
    fn execute(&self, connection: &Connection) -> rusqlite::Result<usize> {
        let run = |statement, values: &[&[&dyn ToSql]]| {
            let values = values.iter().copied().flatten().copied();
            connection.prepare_cached(statement)?.execute(params_from_iter(values))
        };
        let address: &dyn ToSql = self.address.as_bytes();
        match &self.kind {
            Kind::Insert(new) => {
                let row = Row::of(new);
                run(sql::INSERT, &[&[address], &row.all()])
            }
            Kind::Reclaim(both) => {
                let (old, new) = (Row::of(&both[0]), Row::of(&both[1]));
                run(old.place(sql::RECLAIM), &[&[address], &old.guard(), &new.all()])
            }
            Kind::Move(both) => {
                let (old, new) = (Row::of(&both[0]), Row::of(&both[1]));
                run(
                    old.place(sql::MOVE),
                    &[&[address], &old.guard(), &[&new.state, &new.until, &new.reply, &new.audit]],
                )
            }
            Kind::Lease(both) => {
                let (old, new) = (Row::of(&both[0]), Row::of(&both[1]));
                run(sql::LEASE, &[&[address], &old.guard(), &[&new.until]])
            }
            Kind::Delete(old) => {
                let old = Row::of(old);
                run(old.place(sql::DELETE), &[&[address], &old.guard()])
            }
        }
    }
}

/// Writes under the lock, where no other process can have been faster.
pub(super) fn write_all(connection: &Connection, path: &Path, changes: &[Change]) -> Result<(), Failure> {
    match write(connection, changes).map_err(|error| Failure::of(error, path))? {
        Written::All => Ok(()),
        Written::Beaten => Err(Failure::new(
            StoreErrorKind::Corrupt,
            format!("a record in {} is not what was read in the same transaction", path.display()),
        )),
    }
}
