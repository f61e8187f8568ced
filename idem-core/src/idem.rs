//! The handle that services hold.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;

use crate::engine::{Config, Engine, EngineHandle};
use crate::operator::Operator;
use crate::policy::{OnError, SHORTEST_TTL};
use crate::protocol::AfterCrash;
use crate::response::Profile;
use crate::scope::Scope;
use crate::store::Store;
use crate::verify::Verify;

pub use crate::engine::Drained;

/// Everything that idempotent handlers of a service share: the store, the scope, the defaults. Clones are cheap and
/// share it all.
///
/// The type remembers its store, for handlers that need a particular one. Code that does not care takes plain `Idem`,
/// made by [`erase`](Self::erase).
///
/// ```
/// use idem_core::{Idem, Scope, store::memory::MemoryStore};
/// use std::time::Duration;
///
/// let idem = Idem::builder(MemoryStore::new())
///     .scope(Scope::header("x-account"))
///     .ttl(Duration::from_secs(3600))
///     .build();
/// let any: Idem = idem.erase();
/// # drop(any);
/// ```
pub struct Idem<S: ?Sized = dyn Store> {
    pub(crate) engine: EngineHandle,
    store: PhantomData<fn() -> Box<S>>,
}

impl<S: Store> Idem<S> {
    /// Starts with a store and the defaults.
    pub fn builder(store: S) -> IdemBuilder<S, NoScope> {
        IdemBuilder {
            store: Arc::new(store),
            config: Config::default(),
            lease: None,
            max_run: None,
            scope: NoScope(()),
            kind: PhantomData,
        }
    }
}

impl<S: ?Sized> Idem<S> {
    fn of(engine: EngineHandle) -> Self {
        Self { engine, store: PhantomData }
    }

    /// The same handle without the store in its type.
    #[must_use]
    pub fn erase(&self) -> Idem {
        Idem::of(self.engine.clone())
    }

    /// For an operator, who looks at records and settles the unknown ones.
    #[must_use]
    pub fn operator(&self) -> Operator {
        Operator::new(Arc::clone(&self.engine))
    }

    /// Refuses new operations with `shutting-down` and waits until those that run are settled. What still runs after
    /// `within` becomes unknown, never released; its handler may still complete it, as long as the process lives.
    ///
    /// Call this before the process ends. A service that drops its last handle while operations run logs an error: their
    /// records become unknown once their leases are over.
    ///
    /// Returns after `within` and one further second at the latest, also while the store does not answer. Operations that
    /// could not be marked as unknown by then are logged, and a sweep of another process marks them.
    ///
    /// # Cancel safety
    /// Dropping the future stops the waiting; new operations stay refused.
    pub async fn drain(&self, within: Duration) -> Drained {
        self.engine.drain(within).await
    }
}

impl<S: ?Sized> Clone for Idem<S> {
    fn clone(&self) -> Self {
        Self::of(self.engine.clone())
    }
}

impl<S: ?Sized> fmt::Debug for Idem<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idem")
            .field("store", &self.engine.store)
            .field("namespace", &self.engine.config.namespace)
            .field("scope", &self.engine.scope)
            .finish_non_exhaustive()
    }
}

/// A builder that has no [`Scope`] yet.
#[derive(Debug)]
pub struct NoScope(());

/// Sets up an [`Idem`].
#[must_use]
pub struct IdemBuilder<S, C> {
    store: Arc<dyn Store>,
    config: Config,
    lease: Option<Duration>,
    max_run: Option<Duration>,
    scope: C,
    kind: PhantomData<fn() -> S>,
}

crate::debug::structure!([S, C] IdemBuilder<S, C>: store, config);

/// Spans of zero would switch a guarantee off; they are raised to this.
const SHORTEST: Duration = Duration::from_millis(1);

impl<S, C> IdemBuilder<S, C> {
    /// Who the keys belong to. Mandatory.
    pub fn scope(self, scope: Scope) -> IdemBuilder<S, Scope> {
        let Self { store, config, lease, max_run, kind, .. } = self;
        IdemBuilder { store, config, lease, max_run, scope, kind }
    }

    /// Keeps services that share a store apart: their keys, and what sweeps, verify hooks and operators reach. Default:
    /// empty.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.config.namespace = namespace.into().into_boxed_str();
        self
    }

    /// How long a stored answer lives, counted from completion. A retry that comes later runs again. At least 100 ms.
    /// Default: 24 h.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.config.policy.ttl = ttl.max(SHORTEST_TTL);
        self
    }

    /// How long a claim outlives a process that stops renewing it. A living handler's claim is renewed, so this is not
    /// how long a handler may take. No longer than [`ttl`](Self::ttl) and [`max_run`](Self::max_run): contradictory
    /// settings are logged, and every call is refused as [`Refused::Misconfigured`](crate::Refused::Misconfigured).
    /// Default: 30 s, or less where the other two are shorter.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease.max(SHORTEST));
        self
    }

    /// How long a duplicate of a running operation waits for its answer, before it gets `request-in-progress`.
    /// Default: not at all.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.config.policy.wait = wait;
        self
    }

    /// How long a claim is renewed at most, for handlers that hang. Default: 1 h, or the [`lease`](Self::lease) where that
    /// is longer.
    pub fn max_run(mut self, max_run: Duration) -> Self {
        self.max_run = Some(max_run.max(SHORTEST));
        self
    }

    /// What becomes of the key when a handler returns an error. Default: [`OnError::Release`].
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.config.policy.on_error = on_error;
        self
    }

    /// What becomes of a claim whose owner is gone. Default: [`AfterCrash::Unknown`].
    pub fn after_crash(mut self, after_crash: AfterCrash) -> Self {
        self.config.policy.after_crash = after_crash;
        self
    }

    /// Which status codes refusals get. Default: [`Profile::Default`].
    pub fn profile(mut self, profile: Profile) -> Self {
        self.config.profile = profile;
        self
    }

    /// The request header that carries the key. Default: `Idempotency-Key`.
    pub fn key_header(mut self, name: HeaderName) -> Self {
        self.config.key_header = name;
        self
    }

    /// The longest request body that is fingerprinted, in bytes; a longer one is refused with `body-too-large`. A body
    /// that does not count (`key = …`, `fingerprint = …`) has no limit here.
    /// Default: 1 MiB.
    pub fn max_request_bytes(mut self, bytes: u64) -> Self {
        self.config.max_request_bytes = bytes;
        self
    }

    /// The longest response body that is stored, or the longest value of a plain function as it is written, in bytes. The
    /// caller gets a longer one whole; its retry gets `result-unavailable`, never a second run. So it does where the store
    /// itself takes no reply of that length. Default: 1 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.config.max_response_bytes = bytes;
        self
    }

    /// How long the body of a response may take to be made, once the handler has returned it. A slower one goes to its
    /// caller as it comes from then on; its retry gets `result-unavailable`, never a second run. In a transaction, which
    /// stays open meanwhile, it is at most a sixth of the lease and half of [`max_run`](Self::max_run). Default: 30 s.
    pub fn max_response_time(mut self, time: Duration) -> Self {
        self.config.max_response_time = time;
        self
    }

    /// Runs operations unprotected while the store is certainly unreachable, instead of refusing them with 503: a
    /// retry may then charge twice. Default: false.
    pub fn fail_open(mut self, fail_open: bool) -> Self {
        self.config.fail_open = fail_open;
        self
    }

    /// How many bytes of completed replies this process keeps, to answer replays without the store; 0 for none. A
    /// store in this process's memory needs none and gets none. Default: 32 MiB.
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.config.cache_bytes = bytes;
        self
    }

    /// How long such a reply is kept at most: the time after which an operator's order from another process is obeyed
    /// here. Default: 60 s.
    pub fn cache_max_age(mut self, age: Duration) -> Self {
        self.config.cache_max_age = age;
        self
    }

    /// How long one question to the store may take. After that, a write is repeated with the same nonce. A claim is not
    /// repeated while it is under way: its callers are told `store-unavailable` once this and [`completion_timeout`](Self::completion_timeout)
    /// have passed, and the claim is followed to its answer in the background. Default: 5 s.
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.config.store_timeout = timeout.max(SHORTEST);
        self
    }

    /// How long an answer is held back while the store does not take its record, before the caller gets
    /// `outcome-unknown`. Default: 5 s.
    pub fn completion_timeout(mut self, completion_timeout: Duration) -> Self {
        self.config.completion_timeout = completion_timeout;
        self
    }

    /// Asks `hook` what became of an unknown outcome of `operation`, the handler's `name`, or its method and path as in
    /// `POST /payments`, the path in canonical form (escapes only where RFC 3986 needs them, with upper-case digits): see
    /// [`verify`](crate::verify). The last hook given for an operation counts. Give a handler a `name` if there are
    /// parameters in its path.
    pub fn verify(mut self, operation: &str, hook: impl Verify) -> Self {
        self.config.hooks.put(operation, hook);
        self
    }

    /// How long a record must have been unknown, as far as this process has seen, before its hook is asked. It gives a
    /// slow owner, and requests on their way, time to arrive. Zero asks at once: only where running the operation beside
    /// a late owner does no harm. Default: one lease of the operation.
    pub fn verify_after(mut self, span: Duration) -> Self {
        self.config.verify_after = Some(span);
        self
    }

    /// How long a hook may take, before that counts as "cannot tell". A call that finds its record unknown waits for it.
    /// Default: 5 s.
    pub fn verify_timeout(mut self, timeout: Duration) -> Self {
        self.config.verify_timeout = timeout.max(SHORTEST);
        self
    }

    /// How long a hook that could not tell is not asked about that record again; it doubles each time, up to 10 minutes.
    /// Default: 30 s.
    pub fn verify_pause(mut self, pause: Duration) -> Self {
        self.config.verify_pause = pause.max(SHORTEST);
        self
    }

    /// How often this process looks for abandoned and expired records. Default: 60 s.
    pub fn sweep_interval(mut self, span: Duration) -> Self {
        self.config.sweep_interval = span.max(SHORTEST);
        self
    }
}

impl<S: Store, C> IdemBuilder<S, C> {
    /// The handle. It compiles once a [`scope`](Self::scope) is set.
    #[must_use]
    pub fn build(mut self) -> Idem<S>
    where
        C: SetScope,
    {
        self.config.policy.set_spans(self.lease, self.max_run);
        if let Some(contradiction) = self.config.policy.contradiction() {
            tracing::error!(
                contradiction,
                "the settings of this `Idem` contradict each other: every call is refused"
            );
        }
        Idem::of(EngineHandle::new(Engine::new(self.store, self.scope.scope(), self.config)))
    }
}

/// The scope of a builder: [`Scope`], and not [`NoScope`].
#[diagnostic::on_unimplemented(
    message = "this builder has no scope: who do the keys belong to?",
    label = "needs `.scope(…)` before it",
    note = "add `.scope(Scope::header(\"x-account\"))` with the header in which your gateway names the caller, \
            `.scope(Scope::extension(|user: &User| user.tenant))`, or `.scope(Scope::public())` for a service with one caller"
)]
pub trait SetScope {
    #[doc(hidden)]
    fn scope(self) -> Scope;
}

impl SetScope for Scope {
    fn scope(self) -> Scope {
        self
    }
}
