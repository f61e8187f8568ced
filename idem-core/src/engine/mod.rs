//! The engine: claim, run, settle, answer; for every form of handler.
//!
//! A call [`enter`](Engine::enter)s with an [`Operation`]. The call is answered from the cache of completed replies, by
//! joining a flight that is already under way in this process, or by a claim in the store. A won claim is an
//! [`Attempt`], which is settled exactly once, by its owner or, if the owner vanished, in the background. The
//! [`Keeper`] renews leases and sweeps from a thread of its own.

mod attempt;
mod backoff;
mod cache;
mod calls;
mod claim;
mod claim_slot;
mod closing;
mod config;
mod drain;
mod ending;
mod enter;
mod flight;
mod follow;
mod handle;
mod intern;
mod keeper;
mod leader;
mod log_limit;
mod names;
mod panics;
#[cfg(test)]
mod tests;
#[cfg(feature = "_tx")]
mod tx;
mod verify;

pub(crate) use attempt::{Attempt, Ran};
pub(crate) use calls::CallSite;
pub(crate) use closing::Finished;
pub(crate) use config::Config;
pub use drain::Drained;
pub(crate) use ending::Ending;
pub(crate) use enter::Entered;
pub(crate) use handle::EngineHandle;
pub(crate) use log_limit::Purpose;
#[cfg(feature = "tower")]
pub(crate) use panics::caught;
#[cfg(feature = "_tx")]
pub(crate) use tx::{Bare, Turn, TxBody, TxCall, TxEnding, TxOptions};

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use self::cache::ReplyCache;
use self::calls::StoreCalls;
use self::flight::Flights;
use self::intern::{Labels, SharedTerms};
use self::keeper::Keeper;
use self::log_limit::LogLimits;
use self::names::Names;
use self::verify::Verifier;
use crate::address::Address;
use crate::fingerprint::Fingerprint;
use crate::key::KeyBytes;
use crate::label::{KeyHint, Label};
use crate::observe::Watch;
use crate::policy::{Policy, Spec};
use crate::protocol::Namespace;
use crate::refused::Refused;
use crate::scope::Scope;
use crate::store::{Store, StoreErrorKind};

/// One call of an idempotent operation.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) address: Address,
    pub(crate) key: KeyBytes,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) label: Label,
    pub(crate) key_hint: KeyHint,
    pub(crate) policy: Policy,
    pub(crate) watch: Watch,
}

crate::debug::structure!(Operation: address, label);

#[cfg(all(feature = "tower", feature = "metrics"))]
impl Operation {
    /// Counted under another label than its name.
    pub(crate) fn in_series(mut self, series: String) -> Self {
        self.watch.set_series(series);
        self
    }
}

/// What the clones of an [`Idem`](crate::Idem) share.
pub(crate) struct Engine {
    pub(crate) store: StoreCalls,
    pub(crate) scope: Scope,
    pub(crate) config: Config,
    pub(crate) flights: Flights,
    cache: Option<ReplyCache>,
    labels: Labels,
    names: Names,
    terms: SharedTerms,
    keeper: Keeper,
    verifier: Verifier,
    draining: AtomicBool,
    log_limits: LogLimits,
    #[cfg(feature = "_tx")]
    pub(crate) tx_backends: crate::store::TxBackends,
}

/// Of constant size: the contents of the store and of this process are left out.
impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("store", &self.store)
            .field("namespace", &self.config.namespace)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// A caller that was told "not now" asks again after this.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(1);

/// `instant` and `span` added up, or decades later where that is beyond the end of time.
fn later(instant: Instant, span: Duration) -> Instant {
    const LONGEST: Duration = Duration::from_hours(24 * 365 * 30);
    instant.checked_add(span.min(LONGEST)).unwrap_or(instant)
}

/// What a caller hears whose call was not begun because of the store.
fn store_refusal(kind: StoreErrorKind) -> Refused {
    match kind {
        StoreErrorKind::CapacityExceeded => Refused::CapacityExceeded { retry_after: ASK_AGAIN },
        // Asking again brings the same.
        StoreErrorKind::Unstorable => {
            Refused::Misconfigured("its idempotency store takes no record of this operation")
        }
        _ => Refused::StoreUnavailable { retry_after: ASK_AGAIN },
    }
}

impl Engine {
    pub(crate) fn new(store: Arc<dyn Store>, scope: Scope, config: Config) -> Arc<Self> {
        #[cfg(feature = "_tx")]
        let tx_backends = {
            let mut tx_backends = crate::store::TxBackends::default();
            Arc::clone(&store).tx_backends(&mut tx_backends);
            tx_backends
        };
        let cached = !store.is_local() && config.cache_bytes > 0;
        Arc::new(Self {
            cache: cached.then(|| ReplyCache::new(config.cache_bytes, config.cache_max_age)),
            store: StoreCalls::new(store, config.store_timeout),
            scope,
            config,
            flights: Flights::default(),
            labels: Labels::default(),
            names: Names::default(),
            terms: SharedTerms::default(),
            keeper: Keeper::default(),
            verifier: Verifier::default(),
            draining: AtomicBool::new(false),
            log_limits: LogLimits::default(),
            #[cfg(feature = "_tx")]
            tx_backends,
        })
    }

    /// Lets a function be called under the name that its attribute gives it.
    ///
    /// # Errors
    /// Another function of this program has the name.
    pub(crate) fn admit(&self, spec: &Spec) -> Result<(), Refused> {
        self.names.admit(spec)
    }

    /// The operation that `key` names within `scope`.
    pub(crate) fn operation(
        &self,
        scope: &[u8],
        name: Cow<'static, str>,
        key: Vec<u8>,
        fingerprint: Fingerprint,
        policy: Policy,
    ) -> Operation {
        Operation {
            address: Address::new(&self.config.namespace, scope, &name, &key),
            label: self.labels.get(&name, scope),
            key_hint: KeyHint::of(&key),
            watch: Watch::new(name),
            key: key.into(),
            fingerprint,
            policy,
        }
    }

    /// Whose records its sweeps, hooks and operators reach.
    pub(crate) fn namespace(&self) -> Namespace {
        Namespace::new(&self.config.namespace)
    }

    /// Tells this engine from the others of the process.
    pub(crate) fn identity(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }

    /// Drops what this process remembers of a reply.
    pub(crate) fn forget_cached(&self, address: Address) {
        if let Some(cache) = &self.cache {
            cache.remove(address);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.keeper.stop();
    }
}
