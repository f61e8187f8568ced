//! Looking at records.

use std::sync::Arc;

use super::orders::Unexplained;
use crate::address::Address;
use crate::engine::Engine;
use crate::fault::{points, reach};
use crate::protocol::{Record, StateKind};
use crate::store::{Count, Entry, Page, StoreError};

/// Looks at records, and gives [orders](super::Orders) about them. Safe beside live traffic; see the [module](super).
///
/// Sees the records of its engine's [`namespace`](crate::Builder::namespace), and those that name none because an older
/// version of idem claimed them: for these, make sure by their label and your books whose they are.
#[derive(Debug, Clone)]
pub struct Operator {
    engine: Arc<Engine>,
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
        looking(self.engine.store.list(Page { namespace: self.engine.namespace(), state, after, limit }))
            .await
    }

    /// How many records are in `state`. Unknown and stuck ones stay until somebody settles them: raise an alarm.
    ///
    /// # Errors
    /// The store's.
    pub async fn count(&self, state: StateKind) -> Result<u64, StoreError> {
        looking(self.engine.store.count(Count { namespace: self.engine.namespace(), state })).await
    }

    /// The record at `address`, expired or not. `None` too if it is another namespace's.
    ///
    /// # Errors
    /// The store's.
    pub async fn inspect(&self, address: Address) -> Result<Option<Record>, StoreError> {
        let found = looking(self.engine.store.look_up(address)).await?;
        Ok(found.filter(|record| self.engine.namespace().sees(record)))
    }

    /// Where the record of `key` lives, for a caller that complains: `operation` is the handler's `name`, or its
    /// method and path as in `POST /payments`.
    #[must_use]
    pub fn address(&self, scope: &str, operation: &str, key: &str) -> Address {
        Address::new(&self.engine.config.namespace, scope.as_bytes(), operation, key.as_bytes())
    }

    /// Begins orders in the name of `who`: at most 64 bytes of it are kept.
    pub fn by(&self, who: &str) -> Unexplained {
        Unexplained::new(Arc::clone(&self.engine), who)
    }
}

async fn looking<T>(question: impl Future<Output = T>) -> T {
    reach(points::OPERATOR_LOOK_BEFORE);
    let answer = question.await;
    reach(points::OPERATOR_LOOK_AFTER);
    answer
}
