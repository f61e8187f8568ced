//! The store as its callers see it.

use std::fmt;
use std::sync::Arc;

use super::builder::{PostgresSource, PostgresStoreBuilder};
use super::driver::Postgres;
use super::schema;
use super::tx::PostgresTxBackend;
use crate::store::remote::store::{Remote, store_by_remote};
use crate::store::sql::TableName;
use crate::store::{Sealed, StoreError, TxStore};

/// Records in PostgreSQL. Share it behind an `Arc`; see the [module](super).
pub struct PostgresStore {
    name: TableName,
    remote: Remote<Postgres>,
    tx_backend: Arc<PostgresTxBackend>,
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

    /// Closes the idle connections. Operations go on; they open new ones.
    pub async fn close(&self) {
        self.remote.close().await;
    }

    pub(super) fn new(remote: Remote<Postgres>, name: TableName, tx_backend: PostgresTxBackend) -> Self {
        Self { name, remote, tx_backend: Arc::new(tx_backend) }
    }
}

impl Sealed for PostgresStore {}

impl TxStore for PostgresStore {
    type Database = sqlx::Postgres;
}

store_by_remote! {
    PostgresStore:
    fn tx_backends(self: Arc<Self>, tx_backends: &mut crate::store::TxBackends) {
        tx_backends.add::<sqlx::Postgres>(Arc::clone(&self.tx_backend) as _);
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("table", &self.name).finish_non_exhaustive()
    }
}
