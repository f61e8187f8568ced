//! The store as its callers see it.

use std::fmt;
use std::sync::Arc;

use super::builder::{MySqlSource, MySqlStoreBuilder};
use super::driver::MySql;
use super::schema;
use super::tx::MySqlTxBackend;
use crate::store::remote::store::{Remote, store_by_remote};
use crate::store::sql::TableName;
use crate::store::{Sealed, StoreError, TxStore};

/// Records in MySQL or MariaDB. Share it behind an `Arc`; see the [module](super).
pub struct MySqlStore {
    name: TableName,
    remote: Remote<MySql>,
    tx_backend: Arc<MySqlTxBackend>,
}

impl MySqlStore {
    /// Opens the store at `source` (a URL, [`MySqlConnectOptions`](sqlx::mysql::MySqlConnectOptions) or a pool) with the
    /// defaults.
    ///
    /// # Errors
    /// See [`MySqlStoreBuilder::open`].
    pub async fn connect(source: impl Into<MySqlSource>) -> Result<Self, StoreError> {
        Self::builder(source).open().await
    }

    /// To open the store at `source` with settings of your own.
    pub fn builder(source: impl Into<MySqlSource>) -> MySqlStoreBuilder {
        MySqlStoreBuilder::new(source.into())
    }

    /// The SQL that sets up `table`, for those who migrate by their own means: the n-th text, from 1, leads to schema
    /// version n, in a single statement.
    ///
    /// ```
    /// # use idem_core::store::mysql::MySqlStore;
    /// for migration in MySqlStore::migrations("payments.idem_record")? {
    ///     println!("{migration}");
    /// }
    /// # Ok::<(), idem_core::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`Misconfigured`](crate::store::StoreErrorKind::Misconfigured) if `table` is not a name that
    /// [`MySqlStoreBuilder::table`] takes.
    pub fn migrations(table: &str) -> Result<Vec<String>, StoreError> {
        Ok(schema::migrations(&TableName::parse(table)?))
    }

    /// Closes the idle connections. Operations go on; they open new ones.
    pub async fn close(&self) {
        self.remote.close().await;
    }

    pub(super) fn new(remote: Remote<MySql>, name: TableName, tx_backend: MySqlTxBackend) -> Self {
        Self { name, remote, tx_backend: Arc::new(tx_backend) }
    }
}

impl Sealed for MySqlStore {}

impl TxStore for MySqlStore {
    type Database = sqlx::MySql;
}

store_by_remote! {
    MySqlStore:
    fn tx_backends(self: Arc<Self>, tx_backends: &mut crate::store::TxBackends) {
        tx_backends.add::<sqlx::MySql>(Arc::clone(&self.tx_backend) as _);
    }
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlStore").field("table", &self.name).finish_non_exhaustive()
    }
}
