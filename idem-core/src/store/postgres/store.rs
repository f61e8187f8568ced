//! The store as its callers see it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use sqlx::postgres::{PgPool, PgPoolOptions};

use super::builder::{PostgresSource, PostgresStoreBuilder};
use super::driver::Postgres;
use super::schema;
use crate::store::StoreError;
use crate::store::remote::store::{Remote, store_by_remote};
use crate::store::sql::TableName;

/// Records in PostgreSQL. Share it behind an `Arc`; see the [module](super).
pub struct PostgresStore {
    name: TableName,
    pub(super) remote: Remote<Postgres>,
    /// Whose connections `#[tx]` handlers get.
    pool: OnceLock<PgPool>,
    pub(super) claim_with_begin: bool,
}

impl PostgresStore {
    /// Opens the store at `source` (a URL, [`PgConnectOptions`](sqlx::postgres::PgConnectOptions) or a pool) with the
    /// defaults.
    ///
    /// # Errors
    /// See [`PostgresStoreBuilder::open`].
    pub async fn connect(source: impl Into<PostgresSource>) -> Result<Self, StoreError> {
        Self::builder(source).open().await
    }

    /// To open the store at `source` with settings of your own.
    pub fn builder(source: impl Into<PostgresSource>) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(source.into())
    }

    /// The SQL that sets up `table`, for those who migrate by their own means: the n-th text, from 1, leads to schema
    /// version n, and each must run in one transaction.
    ///
    /// ```
    /// # use idem_core::store::postgres::PostgresStore;
    /// for migration in PostgresStore::migrations("payments.idem_record")? {
    ///     println!("{migration}");
    /// }
    /// # Ok::<(), idem_core::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`Misconfigured`](crate::store::StoreErrorKind::Misconfigured) if `table` is not a name that
    /// [`PostgresStoreBuilder::table`] takes.
    pub fn migrations(table: &str) -> Result<Vec<String>, StoreError> {
        Ok(schema::migrations(&TableName::parse(table)?))
    }

    /// Closes the connections that nobody uses. Operations go on; they open new ones.
    pub async fn close(&self) {
        self.remote.close().await;
    }

    pub(super) fn new(
        remote: Remote<Postgres>,
        name: TableName,
        pool: Option<PgPool>,
        claim_with_begin: bool,
    ) -> Self {
        Self { name, remote, pool: pool.map_or_else(OnceLock::new, OnceLock::from), claim_with_begin }
    }

    /// The pool that the store was given, or one of its own.
    pub(super) fn pool(&self) -> &PgPool {
        self.pool
            .get_or_init(|| PgPoolOptions::new().connect_lazy_with(self.remote.driver().options().clone()))
    }
}

store_by_remote! {
    PostgresStore:
    fn tx_backends(self: Arc<Self>, tx_backends: &mut crate::store::TxBackends) {
        tx_backends.add::<sqlx::Postgres>(self);
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("table", &self.name).finish_non_exhaustive()
    }
}
