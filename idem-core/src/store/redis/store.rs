//! The store as its callers see it.

use std::fmt;

use super::builder::RedisStoreBuilder;
use super::server::Redis;
use super::source::RedisSource;
use crate::store::StoreError;
use crate::store::remote::store::{Remote, store_by_remote};

/// Records in Redis or Valkey. Share it behind an `Arc`; see the [module](super).
pub struct RedisStore {
    remote: Remote<Redis>,
}

impl RedisStore {
    /// Opens the store at `source` (a URL, several URLs of a cluster, a client) with the defaults.
    ///
    /// # Errors
    /// See [`RedisStoreBuilder::open`].
    pub async fn connect(source: impl Into<RedisSource>) -> Result<Self, StoreError> {
        Self::builder(source).open().await
    }

    /// To open the store at `source` with settings of your own.
    pub fn builder(source: impl Into<RedisSource>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(source.into())
    }

    /// Closes the idle connections. Operations go on; they open new ones.
    pub async fn close(&self) {
        self.remote.close().await;
    }

    pub(super) const fn new(remote: Remote<Redis>) -> Self {
        Self { remote }
    }
}

store_by_remote!(RedisStore);

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.remote.driver().keys.prefix())
            .finish_non_exhaustive()
    }
}
