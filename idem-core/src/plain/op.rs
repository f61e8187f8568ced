//! One call of a plain idempotent function. The macro emits `operation(…).key(…).call(errors).run(Box::pin(async move { … }))`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use serde::Serialize;
use tracing::Instrument as _;

use crate::current;
use crate::engine::{Engine, Entered, Operation};
use crate::fingerprint::{Fingerprint, InvalidFingerprint};
use crate::form::{checked_key, checked_scope};
use crate::idem::Idem;
use crate::key::{KeyBuf, KeyPart};
use crate::observe;
#[cfg(feature = "_tx")]
use crate::policy::OnError;
use crate::policy::Spec;
use crate::refused::Refused;

/// Something that leads to an [`Idem`]: itself, or a pointer to it.
#[diagnostic::on_unimplemented(
    message = "`with` needs an `Idem`, and `{Self}` is none",
    label = "not an `Idem`, nor a pointer to one",
    note = "`with = …` takes the `Idem` that keeps the records, or a `&`, `Box`, `Rc`, `Arc` or `LazyLock` of it: a field, an \
            argument, a static; of what else leads to one, write what it gives, such as `with = *IDEM` or `with = app.idem`"
)]
pub trait AsIdem: LeadsToIdem {
    #[doc(hidden)]
    fn engine(&self) -> EngineRef;
}

/// Hides the engine from the trait's users.
#[doc(hidden)]
pub struct EngineRef(Arc<Engine>);

impl fmt::Debug for EngineRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineRef")
    }
}

/// Sealed: only an [`Idem`] has an engine. `Carries` is sealed by it too.
#[allow(unnameable_types, reason = "that is how a trait is sealed")]
pub trait LeadsToIdem {}

impl<S: ?Sized> LeadsToIdem for Idem<S> {}
impl<I: LeadsToIdem + ?Sized> LeadsToIdem for &I {}
impl<I: LeadsToIdem, F> LeadsToIdem for LazyLock<I, F> {}

impl<S: ?Sized> AsIdem for Idem<S> {
    fn engine(&self) -> EngineRef {
        EngineRef(Arc::clone(&self.engine))
    }
}

impl<I: AsIdem + ?Sized> AsIdem for &I {
    fn engine(&self) -> EngineRef {
        (**self).engine()
    }
}

/// Pointers lead to what they point to.
macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<I: LeadsToIdem + ?Sized> LeadsToIdem for $pointer<I> {}

        impl<I: AsIdem + ?Sized> AsIdem for $pointer<I> {
            fn engine(&self) -> EngineRef {
                (**self).engine()
            }
        }
    )*};
}
pointers!(Arc Rc Box);

impl<I: AsIdem, F: FnOnce() -> I> AsIdem for LazyLock<I, F> {
    fn engine(&self) -> EngineRef {
        (**self).engine()
    }
}

/// A call that is about to be made.
#[must_use]
pub struct PlainOperation {
    engine: Arc<Engine>,
    spec: Spec,
    key: Option<Vec<u8>>,
    scope: Option<Vec<u8>>,
    fingerprint: Result<Fingerprint, InvalidFingerprint>,
}

crate::debug::structure!(PlainOperation: engine);

/// Starts a call.
pub fn operation<I: AsIdem + ?Sized>(idem: &I, spec: Spec) -> PlainOperation {
    let EngineRef(engine) = idem.engine();
    // Without a scope of its own, a function has one set of keys for all its callers.
    PlainOperation { engine, spec, key: None, scope: Some(Vec::new()), fingerprint: Ok(Fingerprint::none()) }
}

impl PlainOperation {
    /// The key.
    pub fn key<K: KeyPart + ?Sized>(mut self, key: &K) -> Self {
        self.key = KeyBuf::of(key);
        self
    }

    /// Who the key belongs to.
    pub fn scope<K: KeyPart + ?Sized>(mut self, scope: &K) -> Self {
        self.scope = KeyBuf::of(scope).filter(|scope| !scope.is_empty());
        self
    }

    /// What the call says.
    pub fn fingerprint<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.fingerprint = Fingerprint::of_value(value);
        self
    }

    /// Finds out what this call may do. One type for all functions, so that the engine is compiled once, in this crate.
    pub(super) fn entering(self) -> Pin<Box<dyn Future<Output = Result<Entered, Refused>> + Send>> {
        Box::pin(self.enter())
    }

    async fn enter(mut self) -> Result<Entered, Refused> {
        match self.resolve()? {
            Some(operation) => self.engine.enter(&operation).await,
            None => Ok(Entered::Unprotected),
        }
    }

    pub(crate) fn max_response_bytes(&self) -> usize {
        self.engine.config.max_response_bytes
    }

    #[cfg(feature = "_tx")]
    pub(crate) const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    #[cfg(feature = "_tx")]
    pub(crate) fn on_error(&self) -> OnError {
        self.spec.over(&self.engine.config.policy).on_error
    }

    /// `None` if there is no key and none is needed. A call without an operation is counted here.
    pub(crate) fn resolve(&mut self) -> Result<Option<Operation>, Refused> {
        let resolved = self.find_operation();
        match &resolved {
            Ok(Some(_)) => {}
            Ok(None) => observe::unprotected(self.spec.name),
            Err(refused) => observe::refused(self.spec.name, refused.code()),
        }
        resolved
    }

    fn find_operation(&mut self) -> Result<Option<Operation>, Refused> {
        let name = self.spec.name.ok_or(Refused::Misconfigured("an idempotent function has no name"))?;
        self.engine.admit(&self.spec)?;
        let Some(key) = checked_key(self.key.take(), self.spec.optional)? else { return Ok(None) };
        let scope = self.scope.take().ok_or("the scope of the function is empty");
        let scope = checked_scope(&self.engine, name, scope)?;
        let fingerprint = self.fingerprint.clone()?;
        let policy = self.spec.over(&self.engine.config.policy);
        Ok(Some(self.engine.operation(&scope, name.into(), key, fingerprint, policy)))
    }
}

/// Runs a call in a task of its own and in its caller's span, so that it goes on when its caller is gone.
///
/// # Panics
/// Panics where the call panicked, and outside a tokio runtime, as [`tokio::spawn`] does. When the runtime shuts down
/// under it, the future never ends.
pub async fn spawn<R: Send + 'static>(call: impl Future<Output = R> + Send + 'static) -> R {
    match current::spawn(call.in_current_span()).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            // Only a runtime that shuts down cancels the task, and then it does not poll this future either.
            Err(_) => std::future::pending().await,
        },
    }
}
