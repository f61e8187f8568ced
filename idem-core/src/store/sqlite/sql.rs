//! The statements. Every plan is pinned by the statement's shape: an address leads to one row, `INDEXED BY` to one
//! index or to an error.

/// The columns that a row is read from, in the order that [`row`](super::row) expects.
macro_rules! columns {
    () => {
        "address, format, state, fence, nonce, lease, expires, attempts, after_crash, recipe, digest, created, label, \
         key_hint, reply"
    };
}

/// What this code can judge. A row beyond it is neither matched nor written, whatever else it says.
macro_rules! known {
    () => {
        "format = 1 AND recipe BETWEEN 0 AND 3 AND after_crash BETWEEN 0 AND 1"
    };
}

/// The row as it was read.
macro_rules! unchanged {
    () => {
        "address = ? AND format = 1 AND state = ? AND fence = ? AND nonce = ? AND lease IS ? AND expires IS ?"
    };
}

/// Takes the write lock at once: a transaction that reads first would fail on a newer write, and no timeout helps it.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

pub(super) const JOURNAL_MODE: &str = "PRAGMA journal_mode";
pub(super) const HAS_META: &str =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'idem_meta'";
pub(super) const SCHEMA_VERSION: &str = "SELECT value FROM idem_meta WHERE name = 'schema'";

pub(super) const RECORDS: &str = "SELECT value FROM idem_meta WHERE name = 'records'";

/// The rows at the addresses that ?1 holds, 32 bytes each: one statement for any number of them.
pub(super) const LOAD: &str = concat!(
    "WITH RECURSIVE wanted (at) AS (SELECT 1 UNION ALL SELECT at + 32 FROM wanted WHERE at + 32 < length(?1)) SELECT ",
    columns!(),
    " FROM wanted CROSS JOIN idem_record ON address = substr(?1, at, 32)"
);

pub(super) const ABANDONED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM idem_record INDEXED BY idem_record_open WHERE state <> 2 AND state = 1 AND lease <= ?1 AND ",
    known!(),
    " LIMIT ?2"
);

pub(super) const REAP: &str = concat!(
    "DELETE FROM idem_record WHERE rowid IN (SELECT rowid FROM idem_record INDEXED BY idem_record_expiry \
     WHERE state IN (2, 3) AND expires <= ?1 AND ",
    known!(),
    " ORDER BY expires LIMIT ?2)"
);

pub(super) const LIST_DONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM idem_record WHERE state = ?1 AND address > ?2 ORDER BY address LIMIT ?3"
);
pub(super) const LIST_OPEN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM idem_record INDEXED BY idem_record_open WHERE state <> 2 AND state = ?1 AND address > ?2 \
     ORDER BY address LIMIT ?3"
);

pub(super) const COUNT_DONE: &str =
    "SELECT count(*) FROM idem_record INDEXED BY idem_record_expiry WHERE state IN (2, 3) AND state = ?1";
pub(super) const COUNT_OPEN: &str =
    "SELECT count(*) FROM idem_record INDEXED BY idem_record_open WHERE state <> 2 AND state = ?1";

/// A new row.
pub(super) const INSERT: &str = concat!(
    "INSERT INTO idem_record (",
    columns!(),
    ") VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO NOTHING"
);
/// A new owner.
pub(super) const RECLAIM: &str = concat!(
    "UPDATE idem_record SET state = ?, fence = ?, nonce = ?, lease = ?, expires = ?, attempts = ?, after_crash = ?, \
     recipe = ?, digest = ?, created = ?, label = ?, key_hint = ?, reply = ? WHERE ",
    unchanged!()
);
/// The same owner, another state.
pub(super) const MOVE: &str =
    concat!("UPDATE idem_record SET state = ?, lease = ?, expires = ?, reply = ? WHERE ", unchanged!());
/// The same owner and state, another lease.
pub(super) const LEASE: &str = concat!("UPDATE idem_record SET lease = ? WHERE ", unchanged!());
/// No row any more.
pub(super) const DELETE: &str = concat!("DELETE FROM idem_record WHERE ", unchanged!());
