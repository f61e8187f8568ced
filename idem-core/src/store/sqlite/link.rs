//! One connection, opened again when it is lost.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::builder::Durability;
use super::error::Failure;
use super::{schema, sql};
use crate::store::StoreErrorKind;

/// How long to wait before a busy database is asked again whether it can be opened.
const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(5);
/// Rows on their way from the connection's thread; more than a round reads.
const ROWS_IN_FLIGHT: usize = 512;

/// How to connect.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) path: Arc<Path>,
    pub(super) durability: Durability,
    pub(super) busy_timeout: Duration,
}

/// A connection to the database, or the means to get one.
#[derive(Debug)]
pub(super) struct Link {
    setup: Setup,
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
}

impl Link {
    /// Creates the file and its tables where they are missing, and connects for writing.
    pub(super) async fn create(setup: Setup) -> Result<Self, Failure> {
        let options = options(&setup);
        let creating = options.clone().create_if_missing(true);
        let connection =
            patiently(setup.busy_timeout, async || prepare(&creating, &setup.path).await).await?;
        Ok(Self { setup, options, connection: Some(connection) })
    }

    /// Connects for reading.
    pub(super) async fn attach(setup: Setup) -> Result<Self, Failure> {
        let options = options(&setup).pragma("query_only", "ON");
        let mut link = Self { setup, options, connection: None };
        link.connection().await?;
        Ok(link)
    }

    pub(super) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.setup.path)
    }

    /// The connection. A lost one is replaced, but a lost file is not: a new one would have forgotten every key.
    pub(super) async fn connection(&mut self) -> Result<&mut SqliteConnection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(self.connection.insert(connection))
    }

    async fn connect(&self) -> Result<SqliteConnection, Failure> {
        let path = &self.setup.path;
        patiently(self.setup.busy_timeout, async || {
            let mut connection = self.options.connect().await.map_err(|error| Failure::of(error, path))?;
            schema::check(&mut connection, path).await?;
            Ok(connection)
        })
        .await
    }

    /// Closes the connection; the next use opens another. What it had not committed is rolled back.
    pub(super) async fn discard(&mut self) {
        if let Some(connection) = self.connection.take() {
            // A connection that cannot even be closed is gone.
            let _ignored = connection.close().await;
        }
    }
}

/// Tries again while the database is busy: SQLite does not wait by itself where several connections turn a new file
/// to a write-ahead log at once.
async fn patiently<T>(
    timeout: Duration,
    attempt: impl AsyncFn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let began = Instant::now();
    loop {
        match attempt().await {
            // This thread has nothing else to do.
            Err(failure) if failure.is_busy() && began.elapsed() < timeout => {
                std::thread::sleep(OPEN_AGAIN_AFTER);
            }
            done => return done,
        }
    }
}

async fn prepare(options: &SqliteConnectOptions, path: &Path) -> Result<SqliteConnection, Failure> {
    let failure = |error| Failure::of(error, path);
    let mut connection = options.connect().await.map_err(failure)?;
    let mode: String =
        sqlx::query_scalar(sql::JOURNAL_MODE).fetch_one(&mut connection).await.map_err(failure)?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Failure::new(
            StoreErrorKind::Misconfigured,
            format!(
                "{} cannot use a write-ahead log (it is in mode {mode}): put it on a local file system",
                path.display()
            ),
        ));
    }
    schema::migrate(&mut connection, path).await?;
    Ok(connection)
}

fn options(setup: &Setup) -> SqliteConnectOptions {
    // More than a 32-bit number of milliseconds is for ever.
    let busy_timeout = setup.busy_timeout.min(Duration::from_millis(i32::MAX.unsigned_abs().into()));
    let options = SqliteConnectOptions::new()
        .filename(&*setup.path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(busy_timeout)
        .row_buffer_size(ROWS_IN_FLIGHT)
        .thread_name(|_| "idem-sqlite-io".to_owned())
        .disable_statement_logging();
    match setup.durability {
        // `fullfsync` is what makes a sync reach the disk on macOS; elsewhere it does nothing.
        Durability::Full => options
            .synchronous(SqliteSynchronous::Full)
            .pragma("fullfsync", "ON")
            .pragma("checkpoint_fullfsync", "ON"),
        Durability::Normal => options.synchronous(SqliteSynchronous::Normal),
    }
}
