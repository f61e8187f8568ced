//! One connection, opened again when it is lost.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::error::Failure;
use super::transaction::{self, Broken, TransactionEnd};
use super::{schema, sql};
use crate::store::StoreErrorKind;

/// How long to wait before a busy database is asked again whether it can be opened.
const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(5);
/// More than the store has statements.
const STATEMENTS: usize = 32;
/// Of a new file, in bytes. Twice SQLite's own: what is left over at the end of a page is shared by more records.
const PAGE: u32 = 8192;

/// What an answered operation survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// Loss of power: each group of operations is synced to disk before it is answered. The default.
    #[default]
    Full,
    /// The end of the process, but not always loss of power or a crash of the system, which may take the last
    /// seconds' records with them: their keys then run again. Several times faster.
    Normal,
}

/// How to connect.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) path: Arc<Path>,
    pub(super) durability: Durability,
    pub(super) busy_timeout: Duration,
}

/// What the connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Writing,
    Reading,
}

/// A connection to the database, or the means to get one.
#[derive(Debug)]
pub(super) struct Link {
    setup: Setup,
    purpose: Purpose,
    connection: Option<Connection>,
}

impl Link {
    /// Creates the file and its tables where they are missing, and connects for writing.
    pub(super) fn create(setup: Setup) -> Result<Self, Failure> {
        let connection = patiently(setup.busy_timeout, || prepare(&setup))?;
        Ok(Self { setup, purpose: Purpose::Writing, connection: Some(connection) })
    }

    /// Connects for reading.
    pub(super) fn attach(setup: Setup) -> Result<Self, Failure> {
        let mut link = Self { setup, purpose: Purpose::Reading, connection: None };
        link.connection()?;
        Ok(link)
    }

    pub(super) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.setup.path)
    }

    /// The connection. A lost one is replaced, but a lost file is not: a new one would have forgotten every key.
    pub(super) fn connection(&mut self) -> Result<&Connection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        Ok(self.connection.insert(connection))
    }

    fn connect(&self) -> Result<Connection, Failure> {
        let path = &self.setup.path;
        patiently(self.setup.busy_timeout, || {
            let (connection, _) =
                open(&self.setup, OpenFlags::empty()).map_err(|error| Failure::of(error, path))?;
            if self.purpose == Purpose::Reading {
                let only = connection.pragma_update(None, "query_only", true);
                only.map_err(|error| Failure::of(error, path))?;
            }
            schema::check(&connection, path)?;
            Ok(connection)
        })
    }

    /// Closes the connection; the next use opens another. What it had not committed is rolled back.
    pub(super) fn discard(&mut self) {
        drop(self.connection.take());
    }
}

/// Tries again while the database is busy: SQLite does not wait by itself where several connections turn a new file
/// to a write-ahead log at once.
fn patiently<T>(timeout: Duration, attempt: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
    let began = Instant::now();
    loop {
        match attempt() {
            // This thread has nothing else to do.
            Err(failure) if failure.is_busy() && began.elapsed() < timeout => {
                std::thread::sleep(OPEN_AGAIN_AFTER);
            }
            done => return done,
        }
    }
}

fn prepare(setup: &Setup) -> Result<Connection, Failure> {
    let path = &setup.path;
    let (connection, mode) =
        open(setup, OpenFlags::SQLITE_OPEN_CREATE).map_err(|error| Failure::of(error, path))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Failure::new(
            StoreErrorKind::Misconfigured,
            format!(
                "{} cannot use a write-ahead log (it is in mode {mode}): put it on a local file system",
                path.display()
            ),
        ));
    }
    // SQLite opens a file that it may not write all the same, and says so with the first write.
    if connection.is_readonly(MAIN_DB).map_err(|error| Failure::of(error, path))? {
        return Err(Failure::read_only(path));
    }
    schema::migrate(&connection, path)?;
    // The log beside the file may be another user's, and then every write fails. A file that is locked can be written.
    let touched = connection.busy_timeout(Duration::ZERO).and_then(|()| connection.execute_batch(sql::TOUCH));
    match touched.map_err(|error| Failure::of(error, path)) {
        Err(failure) if !failure.is_busy() => return Err(failure),
        _ => {}
    }
    connection.busy_timeout(waits(setup.busy_timeout)).map_err(|error| Failure::of(error, path))?;
    Ok(connection)
}

/// More than a 32-bit number of milliseconds is for ever.
fn waits(busy_timeout: Duration) -> Duration {
    busy_timeout.min(Duration::from_millis(i32::MAX.unsigned_abs().into()))
}

/// A connection, and the journal mode that it got.
fn open(setup: &Setup, create: OpenFlags) -> rusqlite::Result<(Connection, String)> {
    // Each connection stays with its thread, so it needs no lock of its own.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(&*setup.path, flags)?;
    connection.busy_timeout(waits(setup.busy_timeout))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "page_size", PAGE)?;
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    match setup.durability {
        Durability::Full => {
            connection.pragma_update(None, "synchronous", "FULL")?;
            // These make a sync reach the disk on macOS; elsewhere they do nothing.
            connection.pragma_update(None, "fullfsync", true)?;
            connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        }
        Durability::Normal => connection.pragma_update(None, "synchronous", "NORMAL")?,
    }
    Ok((connection, mode))
}

/// A transaction on the link's connection, which is replaced after any failure: its state is not worth guessing at.
pub(super) fn transact<T>(
    link: &mut Link,
    body: impl FnOnce(&Connection, &Path) -> Result<(T, TransactionEnd), Failure>,
) -> Result<T, Broken> {
    let path = link.path();
    let connection = link.connection().map_err(Broken::Begin)?;
    let done = transaction::run(connection, &path, |connection| body(connection, &path));
    if done.is_err() {
        link.discard();
    }
    done
}
