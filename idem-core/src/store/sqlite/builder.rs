//! Opening the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::link::{Durability, Link, Setup};
use super::reader::Reader;
use super::rules::RoundSettings;
use super::store::SqliteStore;
#[cfg(feature = "sqlite-tx")]
use super::tx::SqliteTxBackend;
use super::worker::Worker;
use super::writer::Writer;
use crate::clock::{Clock, SystemClock};
use crate::store::{StoreError, StoreErrorKind};

/// Sets up a [`SqliteStore`].
#[derive(Clone)]
pub struct SqliteStoreBuilder {
    path: PathBuf,
    durability: Durability,
    busy_timeout: Duration,
    clock: Arc<dyn Clock>,
    max_records: Option<u64>,
    #[cfg(feature = "sqlite-tx")]
    pool: Option<sqlx::SqlitePool>,
}

crate::debug::structure!(SqliteStoreBuilder: path, durability, busy_timeout, max_records);

impl SqliteStoreBuilder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            durability: Durability::Full,
            busy_timeout: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            max_records: None,
            #[cfg(feature = "sqlite-tx")]
            pool: None,
        }
    }

    /// What an answered operation survives. Default: [`Durability::Full`].
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long to wait for another process that is writing, before operations fail with
    /// [`Unavailable`](StoreErrorKind::Unavailable). Default: 5 seconds. Keep it well below the lease.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Reads the time from `clock`. Processes that share the file must agree on the time. Default: [`SystemClock`].
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// New keys are refused with [`CapacityExceeded`](StoreErrorKind::CapacityExceeded) while this many records
    /// live; expired ones are dropped first, and known keys are served as ever. `None`, the default, sets no bound.
    ///
    /// Exact, also when several processes write: the count is kept by triggers inside each transaction. Each process
    /// holds to its own bound.
    #[must_use]
    pub fn max_records(mut self, records: Option<u64>) -> Self {
        self.max_records = records;
        self
    }

    /// Lends the connections of `pool`, which must be on the same file, to `#[tx]` handlers. Without it they get those
    /// of a pool that the store makes when it is first needed.
    #[cfg(feature = "sqlite-tx")]
    #[must_use]
    pub fn pool(mut self, pool: &sqlx::SqlitePool) -> Self {
        self.pool = Some(pool.clone());
        self
    }

    /// Opens the database, creating the file and the tables where they are missing, and starts the store's threads.
    ///
    /// Several processes may do so at once. A relative path means the directory that is current now.
    ///
    /// # Errors
    /// - [`Misconfigured`](StoreErrorKind::Misconfigured): the path is `:memory:` or not UTF-8, its directory does not
    ///   exist, it cannot be written, the file system cannot hold a write-ahead log, or the pool is on another file.
    /// - [`Corrupt`](StoreErrorKind::Corrupt): the file is damaged or is no database.
    /// - [`UnknownFormat`](StoreErrorKind::UnknownFormat): a newer version of idem set it up.
    /// - [`Unavailable`](StoreErrorKind::Unavailable): it stayed locked for the whole busy timeout, or no thread could
    ///   be started.
    ///
    /// # Cancel safety
    /// A dropped future leaves at most an open-and-closed database behind.
    pub async fn open(self) -> Result<SqliteStore, StoreError> {
        let setup = Setup {
            path: absolute(&self.path)?.into(),
            durability: self.durability,
            busy_timeout: self.busy_timeout,
        };
        let path = Arc::clone(&setup.path);
        let reading = setup.clone();
        let rules = RoundSettings { clock: self.clock, max_records: self.max_records };
        let reading_rules = rules.clone();
        #[cfg(feature = "sqlite-tx")]
        let tx_backend = SqliteTxBackend::new(&setup, rules.clone(), self.pool)?;
        let writer =
            Worker::start("idem-sqlite-write", move || Ok(Writer { link: Link::create(setup)?, rules }))
                .await?;
        let reader = Worker::start("idem-sqlite-read", move || {
            Ok(Reader { link: Link::attach(reading)?, rules: reading_rules })
        })
        .await?;
        Ok(SqliteStore::new(
            path,
            writer,
            reader,
            #[cfg(feature = "sqlite-tx")]
            Arc::new(tx_backend),
        ))
    }
}

/// The path, made absolute, so that a later change of the current directory does not matter, and never a URI or a name
/// that means "in memory".
fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    let misconfigured = |message: String| Err(StoreError::new(StoreErrorKind::Misconfigured, message));
    let shown = path.display();
    if path.as_os_str().is_empty() || path == ":memory:" {
        return misconfigured(
            "a database in memory has no path to share or reopen: use `MemoryStore`".to_owned(),
        );
    }
    let Ok(absolute) = std::path::absolute(path) else {
        return misconfigured(format!("{shown} cannot be made absolute: the current directory is gone"));
    };
    if absolute.to_str().is_none() {
        return misconfigured(format!("{shown} is not UTF-8, which SQLite needs"));
    }
    match absolute.parent() {
        Some(directory) if !directory.is_dir() => {
            misconfigured(format!("the directory {} does not exist: create it first", directory.display()))
        }
        _ => Ok(absolute),
    }
}
