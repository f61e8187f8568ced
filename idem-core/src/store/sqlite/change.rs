//! What a round does to a record, as one guarded statement.

use sqlx::Sqlite;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use super::row::{StateColumns, crash_number, signed};
use super::sql;
use crate::address::Address;
use crate::protocol::{Record, State};

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

/// True if nothing but the state can differ.
fn same_run(old: &Record, new: &Record) -> bool {
    old.owner == new.owner
        && old.attempts == new.attempts
        && old.after_crash == new.after_crash
        && old.fingerprint == new.fingerprint
        && old.created == new.created
        && old.label == new.label
        && old.key_hint == new.key_hint
}

/// Whether changes found their records as they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Written {
    /// They did.
    All,
    /// Somebody changed one of the records in between.
    Beaten,
}

/// Writes each change whose record still is as it was read. Unless there is only one, the caller must be in a
/// transaction, to undo what was written before a change that was beaten or failed.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    changes: &[Change],
) -> Result<Written, sqlx::Error> {
    for change in changes {
        let done = change.bind(sqlx::query(change.kind.statement())).execute(&mut *connection).await?;
        if done.rows_affected() != 1 {
            return Ok(Written::Beaten);
        }
    }
    Ok(Written::All)
}

impl Kind {
    const fn statement(&self) -> &'static str {
        match self {
            Self::Insert(_) => sql::INSERT,
            Self::Reclaim(_) => sql::RECLAIM,
            Self::Move(_) => sql::MOVE,
            Self::Lease(_) => sql::LEASE,
            Self::Delete(_) => sql::DELETE,
        }
    }
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

impl Change {
    fn bind<'q>(&self, query: Query<'q>) -> Query<'q> {
        match &self.kind {
            Kind::Insert(new) => {
                let query = query.bind(&self.address.as_bytes()[..]);
                bind_all(query, new)
            }
            Kind::Reclaim(both) => {
                let [old, new] = &**both;
                self.bind_guard(bind_all(query, new), old)
            }
            Kind::Move(both) => {
                let [old, new] = &**both;
                let state = StateColumns::of(&new.state);
                let query = query.bind(state.state).bind(state.lease).bind(state.expires).bind(state.reply);
                self.bind_guard(query, old)
            }
            Kind::Lease(both) => {
                let [old, new] = &**both;
                self.bind_guard(query.bind(StateColumns::of(&new.state).lease), old)
            }
            Kind::Delete(old) => self.bind_guard(query, old),
        }
    }

    fn bind_guard<'q>(&self, query: Query<'q>, old: &Record) -> Query<'q> {
        let state = StateColumns::of(&old.state);
        query
            .bind(&self.address.as_bytes()[..])
            .bind(state.state)
            .bind(signed(old.owner.fence.as_u64()))
            .bind(&old.owner.nonce.as_bytes()[..])
            .bind(state.lease)
            .bind(state.expires)
    }
}

/// Every column but the address and the format.
fn bind_all<'q>(query: Query<'q>, record: &Record) -> Query<'q> {
    let state = StateColumns::of(&record.state);
    query
        .bind(state.state)
        .bind(signed(record.owner.fence.as_u64()))
        .bind(&record.owner.nonce.as_bytes()[..])
        .bind(state.lease)
        .bind(state.expires)
        .bind(i64::from(record.attempts))
        .bind(crash_number(record.after_crash))
        .bind(i64::from(record.fingerprint.recipe()))
        .bind(&record.fingerprint.digest()[..])
        .bind(signed(record.created.as_micros()))
        .bind(record.label.as_str())
        .bind(record.key_hint.as_str())
        .bind(state.reply)
}
