//! Opening the store.

use std::time::Duration;

use super::check;
use super::keys::Keys;
use super::pipeline::Wait;
use super::rights;
use super::server::Redis;
use super::source::RedisSource;
use super::store::RedisStore;
use crate::store::remote::driver::Driver;
use crate::store::remote::failure::DriverFault;
use crate::store::remote::store::{Remote, Traffic};
use crate::store::{StoreError, StoreErrorKind};

/// What a write must have reached before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// The master's memory. What its disk and its replicas have not received yet is lost when it fails.
    #[default]
    Asynchronous,
    /// The memory of so many replicas as well, confirmed by `WAIT` in the same round trip. Where fewer confirm within
    /// `timeout`, the operation fails as [`Undecided`](crate::store::StoreErrorKind::Undecided), so that nothing runs
    /// and nothing is answered on the strength of it, and may be repeated.
    ///
    /// This makes a loss rarer, it does not rule it out: a replica that has not confirmed may still be the one that
    /// takes over.
    Replicas {
        /// How many, at least 1.
        count: u32,
        /// How long they may take; less than half of [`RedisStoreBuilder::timeout`].
        timeout: Duration,
    },
}

/// Sets up a [`RedisStore`].
#[derive(Clone)]
#[must_use = "nothing is opened before `open`"]
pub struct RedisStoreBuilder {
    source: RedisSource,
    prefix: String,
    concurrency: usize,
    timeout: Duration,
    durability: Durability,
}

crate::debug::structure!(RedisStoreBuilder: source, prefix, concurrency, timeout, durability);

impl RedisStoreBuilder {
    pub(super) fn new(source: RedisSource) -> Self {
        Self {
            source,
            prefix: "idem".to_owned(),
            concurrency: 2,
            timeout: Duration::from_secs(5),
            durability: Durability::default(),
        }
    }

    /// What all keys begin with, in braces: 1 to 32 visible ASCII characters without braces. Default: `idem`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The most batches under way at once for claims, and as many for completions, each on a connection of its own.
    /// What waits meanwhile travels together in the next one. Default: 2; 0 counts as 1.
    ///
    /// A caller that meets no other sends its operation itself, from its own runtime. All others are served by the
    /// store's thread, `idem-store`, so that none waits for a caller that does not poll its future, or for a runtime
    /// that is blocked. For that, one batch more may be under way where callers send as many themselves: the store has
    /// never more than 5 + 2 × `concurrency` connections; in a cluster, to each node.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// How long a connection or an answer may take, before operations fail as
    /// [`Unavailable`](crate::store::StoreErrorKind::Unavailable) or
    /// [`Undecided`](crate::store::StoreErrorKind::Undecided). Keep it well below the lease. Default: 5 seconds.
    ///
    /// It takes the place of the timeouts of a client that was given, except for the retries and the overall timeout
    /// of a [`ClusterClient`](redis::cluster::ClusterClient).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What a claim or its end must have reached before it counts. Default: [`Durability::Asynchronous`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Connects, and looks whether the server is one that may lose records: one that evicts is warned of in the log.
    ///
    /// # Errors
    /// - [`Misconfigured`](crate::store::StoreErrorKind::Misconfigured): the URL, the prefix, the credentials or the
    ///   durability are wrong, or several URLs lead to no cluster; or the user lacks rights, which the message grants.
    /// - [`Unavailable`](crate::store::StoreErrorKind::Unavailable): the server cannot be reached.
    ///
    /// # Cancel safety
    /// A dropped future leaves nothing behind.
    pub async fn open(self) -> Result<RedisStore, StoreError> {
        #[cfg(any(feature = "tls-ring", feature = "tls-aws-lc-rs"))]
        crate::tls::choose_provider();
        let keys = Keys::new(&self.prefix)?;
        let wait = wait(self.durability, self.timeout)?;
        let timeout = self.timeout;
        let opened = async {
            let target = self.source.target(timeout).await?;
            let driver = Redis { target, keys, timeout, wait };
            let told = |fault: DriverFault| fault.into_failure().to_error();
            let mut link = driver.connect().await.map_err(told)?;
            rights::check(&driver, &mut link).await.map_err(told)?;
            check::eviction(&mut link).await.map_err(told)?;
            driver.close(link).await;
            Ok(driver)
        };
        let driver: Redis =
            tokio::time::timeout(timeout.saturating_mul(2), opened).await.map_err(|_| {
                let message = "Redis did not answer in time when the store was opened";
                StoreError::new(StoreErrorKind::Unavailable, message)
            })??;
        Ok(RedisStore::new(Remote::new(driver, Traffic { lanes: self.concurrency, timeout })))
    }
}

fn wait(durability: Durability, patience: Duration) -> Result<Option<Wait>, StoreError> {
    match durability {
        Durability::Asynchronous => Ok(None),
        Durability::Replicas { count, timeout } if count > 0 && timeout < patience / 2 => {
            Ok(Some(Wait { replicas: count, timeout }))
        }
        Durability::Replicas { .. } => Err(StoreError::new(
            StoreErrorKind::Misconfigured,
            "this durability cannot be had: ask for 1 replica or more, within less than half of the store's timeout",
        )),
    }
}
