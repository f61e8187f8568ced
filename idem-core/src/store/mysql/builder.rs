//! Opening the store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool};

use super::dialect::Dialect;
use super::driver::MySql;
use super::link::Link;
use super::store::MySqlStore;
use super::tx::MySqlTxBackend;
use super::{rights, schema};
use crate::store::StoreError;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::remote::limits::Limits;
use crate::store::remote::store::{Remote, Traffic};
use crate::store::sql::TableName;

/// Where a [`MySqlStore`] connects to: a URL, options, or the pool of the application.
#[derive(Clone)]
pub struct MySqlSource {
    options: Result<MySqlConnectOptions, Arc<str>>,
    pool: Option<MySqlPool>,
}

/// Without the URL and the options: both may hold a password.
impl fmt::Debug for MySqlSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self { pool: Some(_), .. } => "MySqlSource(pool)",
            Self { options: Ok(_), .. } => "MySqlSource(options)",
            Self { options: Err(_), .. } => "MySqlSource(unusable)",
        })
    }
}

impl From<&str> for MySqlSource {
    fn from(url: &str) -> Self {
        let options = if url.starts_with("mysql://") || url.starts_with("mariadb://") {
            url.parse().map_err(|error: sqlx::Error| error.to_string().into())
        } else {
            // The driver would take a password for the database's name, which the server then quotes.
            Err("it has another scheme, or none".into())
        };
        Self { options, pool: None }
    }
}

impl From<&String> for MySqlSource {
    fn from(url: &String) -> Self {
        url.as_str().into()
    }
}

impl From<MySqlConnectOptions> for MySqlSource {
    fn from(options: MySqlConnectOptions) -> Self {
        Self { options: Ok(options), pool: None }
    }
}

impl From<&MySqlPool> for MySqlSource {
    fn from(pool: &MySqlPool) -> Self {
        Self { options: Ok((*pool.connect_options()).clone()), pool: Some(pool.clone()) }
    }
}

/// Sets up a [`MySqlStore`].
#[derive(Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct MySqlStoreBuilder {
    source: MySqlSource,
    table: String,
    concurrency: usize,
    timeout: Duration,
    dialect: Option<Dialect>,
    migrate: bool,
}

crate::debug::structure!(MySqlStoreBuilder: source, table, concurrency, timeout, dialect, migrate);

impl MySqlStoreBuilder {
    pub(super) fn new(source: MySqlSource) -> Self {
        Self {
            source,
            table: "idem_record".to_owned(),
            concurrency: 2,
            timeout: Duration::from_secs(5),
            dialect: None,
            migrate: true,
        }
    }

    /// The table, `name` or `database.name`: lower-case letters, digits and underscores, at most 40. The database must
    /// exist; without one, it is that of the connection that opens the store. Default: `idem_record`.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// The most statements under way at once for claims, and as many for completions, each on a connection of its own.
    /// What waits meanwhile travels together in the next one. Default: 2; 0 counts as 1.
    ///
    /// A caller that meets no other sends its operation itself, from its own runtime. All others are served by the
    /// store's thread, `idem-store`, so that none waits for a caller that does not poll its future, or for a runtime
    /// that is blocked. For that, one statement more may be under way where callers send as many themselves: the store has
    /// never more than 6 + 2 × `concurrency` connections.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// How long a connection or an answer may take, before operations fail as
    /// [`Unavailable`](crate::store::StoreErrorKind::Unavailable) or
    /// [`Undecided`](crate::store::StoreErrorKind::Undecided). Keep it well below the lease. Default: 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Talks to the server in this dialect; what the server says of itself is ignored. [`Dialect::MySql`] works on MariaDB
    /// as well, the other way round does not. Default: as the server says.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Whether [`open`](Self::open) creates what is missing. Without it the table must be there, see
    /// [`MySqlStore::migrations`]. Default: true.
    pub fn migrate(mut self, yes: bool) -> Self {
        self.migrate = yes;
        self
    }

    /// Connects, and creates the table where it is missing. Several processes may do so at once.
    ///
    /// A pool that was given is asked where it connects to, and lends its connections to `#[tx]` handlers, see
    /// [`tx`](crate::tx). For everything else the store has connections of its own, so that it never waits for handlers
    /// that hold the pool's, nor they for it. The pool's hooks do not run on them; put session settings into the
    /// connect options.
    ///
    /// # Errors
    /// - [`Misconfigured`](crate::store::StoreErrorKind::Misconfigured): the URL, the table's name or the credentials
    ///   are wrong, the table is missing and may not be created, or the user lacks rights: the
    ///   message says which statements grant them.
    /// - [`UnknownFormat`](crate::store::StoreErrorKind::UnknownFormat): a newer version of idem migrated it, so that this
    ///   version can no longer use it.
    /// - [`Unavailable`](crate::store::StoreErrorKind::Unavailable): the server cannot be reached; or the table must be
    ///   migrated and was in use for three timeouts on end, by the sessions that the message names.
    ///
    /// # Cancel safety
    /// A dropped future leaves at most a finished migration behind.
    pub async fn open(self) -> Result<MySqlStore, StoreError> {
        let options = self.source.options.map_err(|error| {
            StoreError::new(
                crate::store::StoreErrorKind::Misconfigured,
                format!(
                    "the database URL cannot be read ({error}): write mysql://user:password@host/database"
                ),
            )
        })?;
        let name = TableName::parse(&self.table)?;
        let lazy = options.clone();
        let limits = Limits::within(self.timeout);
        let options = prepare(options);
        // Generous: a migration may wait for that of another process, or for a long transaction. It gives up before the
        // deadline of all this, so that it can say what stood in its way.
        let (patience, deadline) = (self.timeout.saturating_mul(3), self.timeout.saturating_mul(4));
        let connect = async {
            let mut link = Link::open(&options, self.dialect, Limits::within(deadline)).await?;
            let name = name
                .placed(link.database().await?.as_deref())
                .map_err(|error| DriverFault::Shut(Failure::new(error.kind(), error.to_string())))?;
            // First: a server hides its columns from a user that lacks rights.
            let was_there = schema::is_there(&mut link.connection, &name).await?;
            if was_there {
                rights::check(&mut link.connection, &name).await?;
            }
            if self.migrate {
                schema::migrate(&mut link.connection, &name, patience).await?;
            } else {
                schema::check(&mut link.connection, &name).await?;
            }
            if !was_there {
                rights::check(&mut link.connection, &name).await?;
            }
            let dialect = link.dialect;
            link.close().await;
            Ok((name, dialect))
        };
        let opened = tokio::time::timeout(deadline, connect).await;
        let late = |_| {
            StoreError::new(
                crate::store::StoreErrorKind::Unavailable,
                "the server did not answer in time when the store was opened",
            )
        };
        let (name, dialect) =
            opened.map_err(late)?.map_err(|fault: DriverFault| fault.into_failure().to_error())?;
        let driver = MySql::new(options, self.dialect, limits, &name);
        let remote = Remote::new(driver, Traffic { lanes: self.concurrency, timeout: self.timeout });
        let tx_backend = MySqlTxBackend::new(&name, dialect, lazy, self.source.pool, remote.canceller());
        Ok(MySqlStore::new(remote, name, tx_backend))
    }
}

/// What the driver would set by a message of its own is set with the rest, see [`link`](super::link).
fn prepare(options: MySqlConnectOptions) -> MySqlConnectOptions {
    use sqlx::ConnectOptions;
    options
        .disable_statement_logging()
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(false)
        .statement_cache_capacity(128)
}
