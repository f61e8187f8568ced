//! What a route asks for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;

use crate::fingerprint::{Fingerprint, InvalidFingerprint};
use crate::key::{KeyBuf, KeyPart};
use crate::policy::{OnError, Spec};
use crate::protocol::AfterCrash;

/// Whether a request is protected.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Protection {
    /// The service sees it as it is.
    None,
    /// The handler runs once for each key.
    Keyed(Route),
}

type BytesOf = Arc<dyn Fn(&Parts, &Bytes) -> Option<Vec<u8>> + Send + Sync>;
type FingerprintOf = Arc<dyn Fn(&Parts, &Bytes) -> Result<Fingerprint, InvalidFingerprint> + Send + Sync>;

/// How the requests of one route are treated. What is not set is as the [`Builder`](crate::IdemBuilder) said.
///
/// Without more, the key is the request's `Idempotency-Key` field and required, the operation is method and path, and the
/// fingerprint covers query, content type, content encoding and body.
#[derive(Clone, Default)]
#[must_use]
pub struct Route {
    pub(super) spec: Spec,
    pub(super) key: Option<BytesOf>,
    pub(super) scope: Option<BytesOf>,
    pub(super) fingerprint: Option<FingerprintOf>,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Route {
    /// With the defaults of the builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// A name for the operation, in place of method and path, which then count in the fingerprint: with one key, another
    /// method or path is refused. Two routes with one name share their keys.
    pub fn name(mut self, name: &'static str) -> Self {
        self.spec = self.spec.name(name);
        self
    }

    /// A request without a key runs unprotected, each time.
    pub fn optional(mut self) -> Self {
        self.spec = self.spec.optional();
        self
    }

    /// The key, from the request instead of its `Idempotency-Key` field: a member of its body, say. Then a
    /// [`name`](Self::name) is needed where the path is not part of what the key names. `None` is no key. The key says what is asked
    /// for, so the body does not count in the fingerprint any more, unless [`fingerprint`](Self::fingerprint) says what does.
    pub fn key<K: KeyPart>(mut self, key: impl Fn(&Parts, &Bytes) -> K + Send + Sync + 'static) -> Self {
        self.key = Some(Arc::new(move |parts, body| KeyBuf::of(&key(parts, body))));
        self
    }

    /// Whose key it is, instead of what the builder's scope says. An empty one is refused as `scope-missing`.
    pub fn scope<K: KeyPart>(mut self, scope: impl Fn(&Parts, &Bytes) -> K + Send + Sync + 'static) -> Self {
        self.scope = Some(Arc::new(move |parts, body| KeyBuf::of(&scope(parts, body))));
        self
    }

    /// What two requests with one key must have in common, instead of query, content type, content encoding and body:
    /// [`Fingerprint::of_value`] of what counts. Where that fails, the request is refused as `fingerprint-invalid`.
    pub fn fingerprint(
        mut self,
        of: impl Fn(&Parts, &Bytes) -> Result<Fingerprint, InvalidFingerprint> + Send + Sync + 'static,
    ) -> Self {
        self.fingerprint = Some(Arc::new(of));
        self
    }

    /// Header fields that count in the fingerprint as well, in lower case.
    pub fn fingerprint_headers(mut self, names: &'static [&'static str]) -> Self {
        self.spec = self.spec.fingerprint_headers(names);
        self
    }

    /// How long a stored answer lives; at least 100 ms.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.spec = self.spec.ttl(millis(ttl));
        self
    }

    /// How long a claim outlives a process that stops renewing it; at least 1 ms.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.spec = self.spec.lease(millis(lease));
        self
    }

    /// How long a duplicate waits for the running one, instead of 409 at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.spec = self.spec.wait(millis(wait));
        self
    }

    /// How long a claim is renewed at most; at least 1 ms.
    pub fn max_run(mut self, max_run: Duration) -> Self {
        self.spec = self.spec.max_run(millis(max_run));
        self
    }

    /// What becomes of the key after a 5xx.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.spec = self.spec.on_error(on_error);
        self
    }

    /// What becomes of the key when the service panics, or its process dies.
    pub fn after_crash(mut self, after_crash: AfterCrash) -> Self {
        self.spec = self.spec.after_crash(after_crash);
        self
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
