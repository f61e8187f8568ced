//! Looking at records.

use std::sync::Arc;

use super::orders::OrderBuilder;
use crate::address::Address;
use crate::engine::{CallSite, Engine};
use crate::protocol::{Record, StateKind};
use crate::store::{BoxFuture, Count, Entry, Page, Store, StoreError};

/// Looks at records, and gives [orders](super::Orders) about them. Safe beside live traffic; see the [module](super).
///
/// Sees the records of its engine's [`namespace`](crate::IdemBuilder::namespace), and those that name none because an older
/// version of idem claimed them: for these, find out by their label and your own data which service they belong to.
#[derive(Debug, Clone)]
pub struct Operator {
    pub(super) engine: Arc<Engine>,
}

impl Operator {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
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
        let namespace = self.engine.namespace();
        self.look(|store| store.list(Page { namespace, state, after, limit })).await
    }

    /// How many records are in `state`. Unknown and stuck ones stay until a hook or an operator settles them: raise an alarm.
    ///
    /// # Errors
    /// The store's.
    pub async fn count(&self, state: StateKind) -> Result<u64, StoreError> {
        let namespace = self.engine.namespace();
        self.look(|store| store.count(Count { namespace, state })).await
    }

    /// The record at `address`, expired or not. `None` too if it is another namespace's.
    ///
    /// # Errors
    /// The store's.
    pub async fn inspect(&self, address: Address) -> Result<Option<Record>, StoreError> {
        let found = self.look(|store| store.look_up(address)).await?;
        Ok(found.filter(|record| self.engine.namespace().sees(record)))
    }

    /// Where the record of `key` lives, for a caller that complains: `operation` is the handler's `name`, or its
    /// method and canonical path as in `POST /payments`.
    #[must_use]
    pub fn address(&self, scope: &str, operation: &str, key: &str) -> Address {
        Address::new(&self.engine.config.namespace, scope.as_bytes(), operation, key.as_bytes())
    }

    /// Begins orders in the name of `who`: at most 64 bytes of it are kept.
    pub fn by(&self, who: &str) -> OrderBuilder {
        OrderBuilder::new(Arc::clone(&self.engine), who)
    }

    pub(super) async fn look<'a, T>(
        &'a self,
        look: impl FnOnce(&'a dyn Store) -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.engine.store.call(CallSite::OPERATOR_LOOK, look).await
    }
}
