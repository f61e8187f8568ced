//! The way out for whoever runs the service: see what is unsettled, and settle it.
//!
//! ```
//! use idem_core::protocol::{StateKind, Verdict};
//! use idem_core::{Idem, Scope, store::memory::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
//! let operator = idem.operator();
//! for entry in operator.list(StateKind::Unknown, None, 100).await? {
//!     println!("{} {:?} {:?}…", entry.address, entry.record.label, entry.record.key_hint);
//!     // Found out that the bank has no such payment: the caller may try again.
//!     let _ = operator.settle(&entry, Verdict::DidNotHappen).await?;
//! }
//! # Ok::<_, idem_core::store::StoreError>(()) }).unwrap();
//! ```

use std::sync::Arc;

use crate::address::Address;
use crate::engine::Engine;
use crate::fault::{points, reach};
use crate::protocol::{Record, StateKind, Verdict, WriteOutcome};
use crate::store::{Entry, Forgetting, Page, Settlement, StoreError};

/// Looks at records and settles what nobody is sure of. Safe beside live traffic: an order about a record that moved
/// since it was looked at is refused.
///
/// Other processes obey after their `cache_max_age` (60 s by default) at the latest.
#[derive(Debug, Clone)]
pub struct Operator {
    engine: Arc<Engine>,
}

impl Operator {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Up to `limit` records in `state`, by address, from behind `after`.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(
        &self,
        state: StateKind,
        after: Option<Address>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.engine.store.list(Page { state, after, limit }).await
    }

    /// How many records are in `state`. Unknown and stuck ones stay until somebody settles them: raise an alarm.
    ///
    /// # Errors
    /// The store's.
    pub async fn count(&self, state: StateKind) -> Result<u64, StoreError> {
        self.engine.store.count(state).await
    }

    /// The record at `address`, expired or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn inspect(&self, address: Address) -> Result<Option<Record>, StoreError> {
        self.engine.store.look_up(address).await
    }

    /// Where the record of `key` lives, for a caller that complains: `operation` is the handler's `name`, or its
    /// method and path as in `POST /payments`.
    #[must_use]
    pub fn address(&self, scope: &str, operation: &str, key: &str) -> Address {
        Address::new(&self.engine.config.namespace, scope.as_bytes(), operation, key.as_bytes())
    }

    /// Ends an unknown or stuck operation by a verdict, and keeps it for the default `ttl`. A reply for
    /// [`Verdict::Happened`] comes from [`http::reply`](crate::http::reply) or [`plain::reply`](crate::plain::reply).
    ///
    /// # Errors
    /// The store's.
    pub async fn settle(&self, entry: &Entry, verdict: Verdict) -> Result<WriteOutcome, StoreError> {
        let retention = self.engine.config.policy.ttl;
        let settlement = Settlement { address: entry.address, seen: entry.record.owner, verdict, retention };
        reach(points::OPERATOR_SETTLE_BEFORE);
        let outcome = self.engine.store.settle(settlement).await;
        reach(points::OPERATOR_SETTLE_AFTER);
        self.engine.forget_cached(entry.address);
        outcome
    }

    /// Drops a record that is not running: its key is as if it had never been used, and a retry runs the operation.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(&self, entry: &Entry) -> Result<WriteOutcome, StoreError> {
        let forgetting = Forgetting { address: entry.address, seen: entry.record.owner };
        reach(points::OPERATOR_FORGET_BEFORE);
        let outcome = self.engine.store.forget(forgetting).await;
        reach(points::OPERATOR_FORGET_AFTER);
        self.engine.forget_cached(entry.address);
        outcome
    }
}
