//! Opening the store.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool};

use super::driver::Postgres;
use super::link::Link;
use super::rights::Rights;
use super::schema;
use super::store::PostgresStore;
use super::tx::PostgresTxBackend;
use crate::store::StoreError;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::remote::limits::Limits;
use crate::store::remote::store::{Remote, Traffic};
use crate::store::sql::TableName;

/// Where a [`PostgresStore`] connects to: a URL, options, or the pool of the application.
#[derive(Clone)]
pub struct PostgresSource {
    options: Result<PgConnectOptions, Arc<str>>,
    pool: Option<PgPool>,
}

/// Without the URL and the options: both may hold a password.
impl fmt::Debug for PostgresSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self { pool: Some(_), .. } => "PostgresSource(pool)",
            Self { options: Ok(_), .. } => "PostgresSource(options)",
            Self { options: Err(_), .. } => "PostgresSource(unusable)",
        })
    }
}

impl From<&str> for PostgresSource {
    fn from(url: &str) -> Self {
        let options = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            url.parse().map_err(|error: sqlx::Error| error.to_string().into())
        } else {
            // The driver would take a password for the database's name, which the server then quotes.
            Err("it has another scheme, or none".into())
        };
        Self { options, pool: None }
    }
}

impl From<&String> for PostgresSource {
    fn from(url: &String) -> Self {
        url.as_str().into()
    }
}

impl From<PgConnectOptions> for PostgresSource {
    fn from(options: PgConnectOptions) -> Self {
        Self { options: Ok(options), pool: None }
    }
}

impl From<&PgPool> for PostgresSource {
    fn from(pool: &PgPool) -> Self {
        Self { options: Ok((*pool.connect_options()).clone()), pool: Some(pool.clone()) }
    }
}

/// Sets up a [`PostgresStore`].
#[derive(Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct PostgresStoreBuilder {
    source: PostgresSource,
    table: String,
    concurrency: usize,
    timeout: Duration,
    through_pooler: bool,
    migrate: bool,
    claim_with_begin: bool,
}

crate::debug::structure!(PostgresStoreBuilder: source, table, concurrency, timeout, through_pooler, migrate);

impl PostgresStoreBuilder {
    pub(super) fn new(source: PostgresSource) -> Self {
        Self {
            source,
            table: "idem_record".to_owned(),
            concurrency: 2,
            timeout: Duration::from_secs(5),
            through_pooler: false,
            migrate: true,
            claim_with_begin: false,
        }
    }

    /// The table, `name` or `schema.name`: lower-case letters, digits and underscores, at most 40. The schema must
    /// exist; without one, the `search_path` of the connection that opens the store decides, once. The functions are
    /// named after the table. Default: `idem_record`.
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

    /// For a pooler in transaction mode (PgBouncer's `pool_mode = transaction`): no prepared statements, every
    /// operation is one message with its arguments written out. Costs some tenths of the speed, and a `#[tx]` handler a
    /// round trip more for each statement of idem's. Where the server logs statements (`log_statement`), the log then
    /// holds replies, and hints of keys and scopes, in hexadecimal. Default: false.
    pub fn through_pooler(mut self, yes: bool) -> Self {
        self.through_pooler = yes;
        self
    }

    /// Whether [`open`](Self::open) creates what is missing. Without it the tables must be there, see
    /// [`PostgresStore::migrations`]. Default: true.
    pub fn migrate(mut self, yes: bool) -> Self {
        self.migrate = yes;
        self
    }

    /// Claims in the message that begins a `#[tx]` handler's transaction: a round trip less for every new key. The
    /// server then writes an error, SQLSTATE `IDEM1`, into its log for every key that is not new and that this process
    /// does not know; and a duplicate costs two round trips more. What logs statements, on the server or for
    /// the application's pool, then shows the hints of key and scope that a record keeps, in hexadecimal. Default: false.
    pub fn claim_with_begin(mut self, yes: bool) -> Self {
        self.claim_with_begin = yes;
        self
    }

    /// Connects, and creates the table and its functions where they are missing. Several processes may do so at once.
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
    pub async fn open(self) -> Result<PostgresStore, StoreError> {
        let options = self.source.options.map_err(|error| {
            StoreError::new(
                crate::store::StoreErrorKind::Misconfigured,
                format!(
                    "the database URL cannot be read ({error}): write postgres://user:password@host/database"
                ),
            )
        })?;
        let name = TableName::parse(&self.table)?;
        let options = prepare(options, self.through_pooler);
        let limits = Limits::within(self.timeout);
        // Generous: a migration may wait for that of another process, or for a long transaction. It gives up before the
        // deadline of all this, so that it can say what stood in its way.
        let (patience, deadline) = (self.timeout.saturating_mul(3), self.timeout.saturating_mul(4));
        let connect = async {
            let mut link = Link::open(&options, Limits::within(deadline), self.through_pooler).await?;
            let rights = Rights::look(&mut link.connection, &name).await?;
            rights.check(&name, self.migrate)?;
            let name = name
                .placed(rights.place())
                .map_err(|error| DriverFault::Shut(Failure::new(error.kind(), error.to_string())))?;
            if self.migrate {
                if schema::is_older(&mut link.connection, &name).await? {
                    rights.check_to_migrate(&name)?;
                }
                schema::migrate(&mut link.connection, &name, patience).await?;
            } else {
                schema::check(&mut link.connection, &name).await?;
            }
            link.close().await;
            Ok(name)
        };
        let opened = tokio::time::timeout(deadline, connect).await;
        let late = |_| {
            StoreError::new(
                crate::store::StoreErrorKind::Unavailable,
                "PostgreSQL did not answer in time when the store was opened",
            )
        };
        let name = opened.map_err(late)?.map_err(|fault: DriverFault| fault.into_failure().to_error())?;
        let driver = Postgres::new(options, &name, self.through_pooler, limits);
        let remote = Remote::new(driver, Traffic { lanes: self.concurrency, timeout: self.timeout });
        let (driver, canceller) = (Arc::clone(remote.driver()), remote.canceller());
        let tx_backend = PostgresTxBackend::new(driver, canceller, self.source.pool, self.claim_with_begin);
        Ok(PostgresStore::new(remote, name, tx_backend))
    }
}

fn prepare(options: PgConnectOptions, through_pooler: bool) -> PgConnectOptions {
    use sqlx::ConnectOptions;
    let options = options.disable_statement_logging();
    if through_pooler {
        // A start-up parameter that PgBouncer refuses by default, and that idem has no use for.
        options.extra_float_digits(None).statement_cache_capacity(0)
    } else {
        options
    }
}
