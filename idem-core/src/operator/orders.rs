//! Orders about records.

use std::sync::Arc;

use crate::engine::{CallSite, Engine};
use crate::protocol::{Order, RecordView, Seen, State, Verdict, WriteOutcome};
use crate::store::{Entry, Forget, Free, Settlement, StoreError};

/// Orders of an operator who has not given a reason yet.
#[derive(Debug, Clone)]
#[must_use = "an order needs a reason: `.because(…)`"]
pub struct OrderBuilder {
    engine: Arc<Engine>,
    order: Order,
}

impl OrderBuilder {
    pub(super) fn new(engine: Arc<Engine>, who: &str) -> Self {
        Self { engine, order: Order::by(who) }
    }

    /// The reason of the orders to come, as the audit line shall tell it.
    pub fn because(self, why: &str) -> Orders {
        Orders { engine: self.engine, order: self.order.because(why) }
    }
}

/// Gives orders in the name of one operator and for one reason, from [`Operator::by`](super::Operator::by).
///
/// Each is about an [`Entry`] as it was listed, and is [`Lost`](WriteOutcome::Lost) if the record moved since. A record
/// from [`inspect`](super::Operator::inspect) makes an entry together with its address.
///
/// Other processes obey after their `cache_max_age` (60 s by default) at the latest.
///
/// # Errors
/// Those of the store. [`Undecided`](crate::store::StoreErrorKind::Undecided) means that the order may have been carried
/// out: give it again unchanged.
///
/// # Cancel safety
/// A dropped order may or may not be carried out; giving it again unchanged is safe.
#[derive(Debug, Clone)]
#[must_use = "nothing is ordered yet"]
pub struct Orders {
    engine: Arc<Engine>,
    order: Order,
}

impl Orders {
    /// Ends an unknown or stuck operation by a verdict, and keeps it for the default `ttl`. A reply for
    /// [`Verdict::Happened`] comes from [`response::reply`](crate::response::reply) or [`plain::reply`](crate::plain::reply).
    ///
    /// [`Verdict::DidNotHappen`] must also mean that it will not happen any more: a slow owner may still be on its way.
    ///
    /// # Errors
    /// The store's, see [`Orders`].
    pub async fn settle(&self, entry: &Entry, verdict: Verdict) -> Result<WriteOutcome, StoreError> {
        let settlement = Settlement {
            namespace: self.engine.namespace(),
            address: entry.address,
            seen: Seen::of(&entry.record),
            verdict,
            order: self.order.clone(),
            retention: self.engine.config.policy.ttl,
        };
        let outcome =
            self.engine.store.call(CallSite::OPERATOR_SETTLE, |store| store.settle(settlement)).await;
        self.engine.forget_cached(entry.address);
        self.log("settle", entry, outcome)
    }

    /// Lets the same request run again, although it is not known whether it happened: the effect may happen twice, and
    /// the audit line says whose decision that was. Only for unknown and stuck records.
    ///
    /// # Errors
    /// The store's, see [`Orders`].
    pub async fn retry(&self, entry: &Entry) -> Result<WriteOutcome, StoreError> {
        if matches!(entry.record.state, State::Unknown | State::Stuck) {
            return self.free("retry", entry).await;
        }
        Ok(WriteOutcome::Lost(RecordView::of(Some(&entry.record))))
    }

    /// Frees a running record whose owner is known to be dead, so that the next caller runs at once. The effects of that
    /// owner stay: make sure that running the operation again does no harm.
    ///
    /// An owner that has renewed its lease since the record was listed is alive, and the order is lost. One that wakes
    /// up later is refused its completion, and its handler is stopped at its next renewal.
    ///
    /// # Errors
    /// The store's, see [`Orders`].
    pub async fn release(&self, entry: &Entry) -> Result<WriteOutcome, StoreError> {
        if !matches!(entry.record.state, State::Running { .. }) {
            return Ok(WriteOutcome::Lost(RecordView::of(Some(&entry.record))));
        }
        let outcome = self.free("release", entry).await;
        if matches!(outcome, Ok(WriteOutcome::Applied)) {
            self.engine.flights.lose(entry.address, entry.record.owner);
        }
        outcome
    }

    /// Drops a record that is not running: its key is as if it had never been used, and a retry runs the operation.
    /// Nothing is left to tell of it but a log entry.
    ///
    /// # Errors
    /// The store's, see [`Orders`].
    pub async fn forget(&self, entry: &Entry) -> Result<WriteOutcome, StoreError> {
        let forgetting = Forget {
            namespace: self.engine.namespace(),
            address: entry.address,
            seen: Seen::of(&entry.record),
        };
        let outcome =
            self.engine.store.call(CallSite::OPERATOR_FORGET, |store| store.forget(forgetting)).await;
        self.engine.forget_cached(entry.address);
        self.log("forget", entry, outcome)
    }

    async fn free(&self, name: &str, entry: &Entry) -> Result<WriteOutcome, StoreError> {
        let freeing = Free {
            namespace: self.engine.namespace(),
            address: entry.address,
            seen: Seen::of(&entry.record),
            order: self.order.clone(),
            retention: self.engine.config.policy.ttl,
        };
        let outcome = self.engine.store.call(CallSite::OPERATOR_FREE, |store| store.free(freeing)).await;
        self.engine.forget_cached(entry.address);
        self.log(name, entry, outcome)
    }

    fn log(
        &self,
        order: &str,
        entry: &Entry,
        outcome: Result<WriteOutcome, StoreError>,
    ) -> Result<WriteOutcome, StoreError> {
        let (address, by, was) = (entry.address, &self.order, entry.record.state.kind());
        let operation = entry.record.label.operation();
        match &outcome {
            Ok(WriteOutcome::Applied) => {
                tracing::warn!(%address, operation, %was, order, %by, "an order was carried out");
            }
            Ok(WriteOutcome::Lost(current)) => {
                tracing::warn!(
                    %address,
                    operation,
                    %was,
                    order,
                    %by,
                    ?current,
                    "an order was refused: the record has moved"
                );
            }
            Err(error) => {
                let error = error.chain();
                tracing::error!(%address, operation, %was, order, %by, %error, "an order failed");
            }
        }
        outcome
    }
}
