//! The one way from the engine to its store.
//!
//! Each call passes a fault point before it and one after it, runs in a `tracing` span, and is given up after the engine's
//! time limit. A panic of the store is an error like any other. The store itself is private to this module, so that no
//! call goes around these rules.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::panics::caught;
use crate::fault::{points, reach};
use crate::observe::{StoreCallBegan, store_call};
use crate::protocol::{Claim, ClaimOutcome};
use crate::store::{BoxFuture, Store, StoreError, StoreErrorKind};

/// A place in the engine that calls the store: its name in spans, and its fault points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallSite {
    name: &'static str,
    /// `None` for a look at a record that an earlier version wrote, which the crash matrix cannot make.
    points: Option<(&'static str, &'static str)>,
}

macro_rules! call_sites {
    ($($(#[$attribute:meta])* $site:ident: $name:literal, $before:ident, $after:ident;)+) => {
        impl CallSite {
            $($(#[$attribute])* pub(crate) const $site: Self =
                Self { name: $name, points: Some((points::$before, points::$after)) };)+
        }
    };
}

call_sites! {
    CLAIM: "claim", ENGINE_CLAIM_BEFORE, ENGINE_CLAIM_AFTER;
    COMPLETE: "complete", ENGINE_COMPLETE_BEFORE, ENGINE_COMPLETE_AFTER;
    RELEASE: "release", ENGINE_RELEASE_BEFORE, ENGINE_RELEASE_AFTER;
    MARK_UNKNOWN: "mark_unknown", ENGINE_UNKNOWN_BEFORE, ENGINE_UNKNOWN_AFTER;
    RELEASE_UNCLAIMED: "release", UNCLAIMED_RELEASE_BEFORE, UNCLAIMED_RELEASE_AFTER;
    LOOK_UP_UNCLAIMED: "look_up", UNCLAIMED_LOOK_UP_BEFORE, UNCLAIMED_LOOK_UP_AFTER;
    #[cfg(feature = "_tx")]
    TX_LOOK_UP: "look_up", TX_SETTLE_BEFORE, TX_SETTLE_AFTER;
    #[cfg(feature = "_tx")]
    TX_MARK_UNKNOWN: "mark_unknown", TX_SETTLE_BEFORE, TX_SETTLE_AFTER;
    ABANDON: "mark_unknown", DRAIN_UNKNOWN_BEFORE, DRAIN_UNKNOWN_AFTER;
    RENEW: "renew", KEEPER_RENEW_BEFORE, KEEPER_RENEW_AFTER;
    SWEEP: "sweep", KEEPER_SWEEP_BEFORE, KEEPER_SWEEP_AFTER;
    COUNT: "count", KEEPER_COUNT_BEFORE, KEEPER_COUNT_AFTER;
    REAP: "reap", KEEPER_REAP_BEFORE, KEEPER_REAP_AFTER;
    VERIFY_LIST: "list", VERIFY_LIST_BEFORE, VERIFY_LIST_AFTER;
    VERIFY_LOOK_UP: "look_up", VERIFY_LOOK_UP_BEFORE, VERIFY_LOOK_UP_AFTER;
    VERIFY_SETTLE: "settle", VERIFY_SETTLE_BEFORE, VERIFY_SETTLE_AFTER;
    OPERATOR_LOOK: "look", OPERATOR_LOOK_BEFORE, OPERATOR_LOOK_AFTER;
    OPERATOR_SETTLE: "settle", OPERATOR_SETTLE_BEFORE, OPERATOR_SETTLE_AFTER;
    OPERATOR_FREE: "free", OPERATOR_FREE_BEFORE, OPERATOR_FREE_AFTER;
    OPERATOR_FORGET: "forget", OPERATOR_FORGET_BEFORE, OPERATOR_FORGET_AFTER;
}

impl CallSite {
    #[cfg(feature = "tower")]
    pub(crate) const COMPARE: Self = Self { name: "look_up", points: None };

    fn before(self) {
        if let Some((before, _)) = self.points {
            reach(before);
        }
    }

    fn after(self) {
        if let Some((_, after)) = self.points {
            reach(after);
        }
    }
}

/// The store, as the engine calls it.
pub(crate) struct StoreCalls {
    store: Arc<dyn Store>,
    /// How long a call may take before it counts as undecided.
    limit: Duration,
}

impl StoreCalls {
    pub(super) fn new(store: Arc<dyn Store>, limit: Duration) -> Self {
        Self { store, limit }
    }

    /// True for a store in the memory of this process, which answers at once.
    pub(crate) fn is_local(&self) -> bool {
        self.store.is_local()
    }

    /// Calls the store. A call that is not answered in time, or that panics, is
    /// [`Undecided`](StoreErrorKind::Undecided).
    pub(crate) async fn call<'a, T>(
        &'a self,
        site: CallSite,
        call: impl FnOnce(&'a dyn Store) -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        // No timer is needed for the memory of this process.
        let limit = (!self.is_local()).then_some(self.limit);
        site.before();
        let answered = observed(site.name, limit, async { call(&*self.store).await }).await;
        site.after();
        answered.unwrap_or_else(|unanswered| {
            let message = match unanswered {
                Unanswered::Late => "the store did not answer in time",
                Unanswered::Panicked => "the store panicked, or its runtime has ended",
            };
            Err(StoreError::new(StoreErrorKind::Undecided, message))
        })
    }

    /// Sends a claim, without a limit: a claim is followed to its answer.
    ///
    /// # Panics
    /// If the store does, or the runtime of its future has ended.
    pub(super) async fn claim(&self, claim: Claim) -> Result<ClaimOutcome, StoreError> {
        let site = CallSite::CLAIM;
        site.before();
        let began = StoreCallBegan::now();
        let answer = under_way(self.store.claim(claim)).instrument(span(site.name)).await;
        store_call(site.name, began, answer.is_ok());
        site.after();
        answer
    }
}

impl fmt::Debug for StoreCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

/// Why a call of a store has no answer.
pub(super) enum Unanswered {
    Late,
    /// The store, or the driver below it, panicked.
    Panicked,
}

/// One call of a store: within `limit`, in a span, and measured. The same for a statement in a transaction, where `name`
/// begins with `tx.`.
pub(super) async fn observed<T, E>(
    name: &'static str,
    limit: Option<Duration>,
    call: impl Future<Output = Result<T, E>>,
) -> Result<Result<T, E>, Unanswered> {
    let began = StoreCallBegan::now();
    let answered = within(limit, pin!(call)).instrument(span(name)).await;
    store_call(name, began, matches!(answered, Ok(Ok(_))));
    answered
}

async fn within<F: Future>(limit: Option<Duration>, call: Pin<&mut F>) -> Result<F::Output, Unanswered> {
    let Some(limit) = limit else { return caught(call).await.map_err(|_| Unanswered::Panicked) };
    match caught(pin!(tokio::time::timeout(limit, call))).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Unanswered::Late),
        Err(_) => Err(Unanswered::Panicked),
    }
}

fn span(name: &'static str) -> tracing::Span {
    tracing::debug_span!("idem.store", call = name)
}

/// Passes a fault point when the store has the claim and has not answered at once.
async fn under_way<T>(question: impl Future<Output = T>) -> T {
    let mut question = pin!(question);
    let mut passed = false;
    std::future::poll_fn(|cx| {
        let polled = question.as_mut().poll(cx);
        if polled.is_pending() && !std::mem::replace(&mut passed, true) {
            reach(points::ENGINE_CLAIM_UNDER_WAY);
        }
        polled
    })
    .await
}
