//! What SQLite said, as an error that says what to do.

use std::path::Path;
use std::sync::Arc;

use crate::store::{StoreError, StoreErrorKind};

/// A failure that several callers are told about.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    kind: StoreErrorKind,
    message: Arc<str>,
    source: Option<Arc<rusqlite::Error>>,
}

impl Failure {
    pub(super) fn new(kind: StoreErrorKind, message: impl Into<Arc<str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Of anything but a COMMIT: nothing was applied.
    pub(super) fn of(error: rusqlite::Error, path: &Path) -> Self {
        let path = path.display();
        let (kind, message) = match primary_code(&error) {
            Some(BUSY | LOCKED) => (
                StoreErrorKind::Unavailable,
                format!(
                    "another connection kept the write lock of {path} for longer than the busy timeout: look for a \
                     transaction or a shell left open, or raise `busy_timeout`"
                ),
            ),
            Some(CORRUPT) => (
                StoreErrorKind::Corrupt,
                format!(
                    "{path} is damaged: restore it from a backup, or salvage it with `.recover` of the sqlite3 shell"
                ),
            ),
            Some(NOT_A_DATABASE) => (
                StoreErrorKind::Corrupt,
                format!("{path} is not an SQLite database (or is encrypted): check the path"),
            ),
            Some(READ_ONLY | PERMISSION | AUTHORISATION) => {
                (StoreErrorKind::Misconfigured, unwritable(&path))
            }
            Some(CANNOT_OPEN) => (
                StoreErrorKind::Misconfigured,
                format!(
                    "{path} cannot be opened: check that it is a file, and that this process may read and write it and \
                     create files in its directory"
                ),
            ),
            Some(TOO_BIG) => (
                StoreErrorKind::Unstorable,
                "the reply is larger than SQLite can hold: cap replies".to_owned(),
            ),
            Some(CONSTRAINT | MISMATCH | ERROR) => (
                StoreErrorKind::Misconfigured,
                format!(
                    "the tables in {path} are not as idem made them: restore what `SqliteStore::migrations` says"
                ),
            ),
            Some(FULL) => (StoreErrorKind::Unavailable, format!("no space is left for {path}")),
            _ => (StoreErrorKind::Unavailable, format!("{path} could not be read or written")),
        };
        Self { kind, message: message.into(), source: Some(Arc::new(error)) }
    }

    pub(super) fn read_only(path: &Path) -> Self {
        Self::new(StoreErrorKind::Misconfigured, unwritable(&path.display()))
    }

    /// Of a COMMIT. Unless SQLite said "busy", it may have been written.
    pub(super) fn of_commit(error: rusqlite::Error, path: &Path) -> Self {
        let busy = matches!(primary_code(&error), Some(BUSY));
        let failure = Self::of(error, path);
        if busy { failure } else { Self { kind: StoreErrorKind::Undecided, ..failure } }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.source.as_deref().and_then(primary_code) == Some(BUSY)
    }

    /// True if the statement was refused for what it says, before it could touch the disk.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self.source.as_deref().and_then(primary_code),
            Some(CONSTRAINT | MISMATCH | ERROR | TOO_BIG | READ_ONLY | RANGE)
        )
    }

    pub(super) fn to_error(&self) -> StoreError {
        let error = StoreError::new(self.kind, &*self.message);
        match &self.source {
            Some(source) => error.with_source(Arc::clone(source)),
            None => error,
        }
    }
}

// https://www.sqlite.org/rescode.html
const ERROR: i32 = 1;
const PERMISSION: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const TOO_BIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;
const AUTHORISATION: i32 = 23;
const RANGE: i32 = 25;
const NOT_A_DATABASE: i32 = 26;

fn unwritable(path: &dyn std::fmt::Display) -> String {
    format!(
        "{path} cannot be written: this process needs write access to the file, to those beside it (-wal, -shm), and to its directory"
    )
}

/// The low byte of the extended result code.
fn primary_code(error: &rusqlite::Error) -> Option<i32> {
    let error = match error {
        rusqlite::Error::SqlInputError { error, .. } => error,
        other => other.sqlite_error()?,
    };
    Some(error.extended_code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqlite_never_holds_is_unstorable() {
        let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(TOO_BIG), None);
        let failure = Failure::of(error, Path::new("idem.db"));
        assert!(failure.is_refusal());
        assert_eq!(failure.to_error().kind(), StoreErrorKind::Unstorable);
    }
}
