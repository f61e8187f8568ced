//! One call of a plain idempotent function. The macro emits `operation(…).key(…).run(…)`.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use serde::Serialize;
use tracing::Instrument as _;

use super::errors::Errors;
use crate::current;
use crate::engine::{Attempt, Ending, Engine, Entered, Operation, Ran, Settled};
use crate::fault::{points, reach};
use crate::fingerprint::{Fingerprint, InvalidFingerprint};
use crate::idem::Idem;
use crate::key::{InvalidKey, KeyBuf, KeyPart};
use crate::outcome::ErrorClass;
#[cfg(feature = "_tx")]
use crate::policy::Policy;
use crate::policy::{OnError, Spec};
use crate::refused::Refused;

/// Something that leads to an [`Idem`]: itself, or a pointer to it.
#[diagnostic::on_unimplemented(
    message = "`with` needs an `Idem`, and `{Self}` is none",
    label = "not an `Idem`, `&Idem` or `Arc<Idem>`",
    note = "`with = …` takes the `Idem` that keeps the records: a field, an argument, a static"
)]
pub trait AsIdem {
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

impl<I: AsIdem + ?Sized> AsIdem for Arc<I> {
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

    /// Runs `body`, or gives the stored result.
    ///
    /// # Cancel safety
    /// Dropped before the body began, nothing happened. Dropped within it, the outcome is unknown at once, or the key
    /// is freed under `after_crash = rerun`. Dropped after it, the result is recorded in the background.
    pub async fn run<R>(self, errors: Errors<R>, body: impl AsyncFnOnce() -> R) -> R {
        self.run_if(errors, |_| true, body).await
    }

    /// As [`run`](Self::run); a result that `wanted` does not want stored frees the key.
    pub async fn run_if<R>(
        mut self,
        errors: Errors<R>,
        wanted: impl FnOnce(&R) -> bool,
        body: impl AsyncFnOnce() -> R,
    ) -> R {
        let operation = match self.resolve() {
            Ok(Some(operation)) => operation,
            Ok(None) => return body().await,
            Err(refused) => return (errors.refused)(refused),
        };
        let result = match self.engine.enter(&operation).await {
            Err(refused) => (errors.refused)(refused),
            Ok(Entered::Unprotected) => body().await,
            Ok(Entered::Replay(reply)) => errors.replay(&reply),
            Ok(Entered::Run(attempt)) => {
                let ran = {
                    let body = pin!(async {
                        reach(points::PLAIN_HANDLER_BEFORE);
                        let result = body().await;
                        reach(points::PLAIN_HANDLER_AFTER);
                        let wanted = wanted(&result);
                        (result, wanted)
                    });
                    attempt.run(body).await
                };
                finish(&errors, attempt, ran).await
            }
        };
        reach(points::PLAIN_ANSWER_BEFORE);
        result
    }

    #[cfg(feature = "_tx")]
    pub(crate) const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    #[cfg(feature = "_tx")]
    pub(crate) fn policy(&self) -> Policy {
        self.spec.over(&self.engine.config.policy)
    }

    /// `None` if there is no key and none is needed.
    pub(crate) fn resolve(&mut self) -> Result<Option<Operation>, Refused> {
        let name = self.spec.name.ok_or(Refused::Misconfigured("an idempotent function has no name"))?;
        self.engine.admit(&self.spec)?;
        let key = match self.key.take() {
            Some(key) if key.is_empty() => return Err(InvalidKey::Empty.into()),
            Some(key) => key,
            None if self.spec.optional => return Ok(None),
            None => return Err(Refused::KeyMissing),
        };
        let Some(scope) = &self.scope else {
            let why = "the scope of the function is empty";
            self.engine.log_no_scope(name, why);
            return Err(Refused::ScopeMissing(why));
        };
        let fingerprint = self.fingerprint.clone()?;
        let policy = self.spec.over(&self.engine.config.policy);
        Ok(Some(self.engine.operation(scope, name.into(), key, fingerprint, policy)))
    }
}

async fn finish<R>(errors: &Errors<R>, attempt: Box<Attempt>, ran: Ran<(R, bool)>) -> R {
    let (result, ending) = match ran {
        Ran::Returned((result, wanted)) => {
            let ending = if wanted { ending(errors, &attempt, &result) } else { Ending::Release };
            (result, ending)
        }
        Ran::Panicked(payload) => {
            // The panic goes on once the record says what became of the operation.
            let ending = attempt.crashed();
            reach(points::PLAIN_SETTLE_BEFORE);
            drop(attempt.settle(ending).await);
            reach(points::PLAIN_SETTLE_AFTER);
            std::panic::resume_unwind(payload)
        }
        Ran::Stopped => ((errors.refused)(Refused::OutcomeUnknown), attempt.crashed()),
    };
    reach(points::PLAIN_SETTLE_BEFORE);
    let settled = attempt.settle(ending).await;
    reach(points::PLAIN_SETTLE_AFTER);
    match settled {
        Settled::Recorded => result,
        Settled::Superseded(reply) => errors.replay(&reply),
        Settled::Refused(refused) => (errors.refused)(refused),
    }
}

fn ending<R>(errors: &Errors<R>, attempt: &Attempt, result: &R) -> Ending {
    let limit = attempt.config().max_response_bytes;
    if (errors.is_value)(result) {
        return Ending::Complete(errors.value(result, limit));
    }
    match ((errors.class)(result), attempt.policy().on_error) {
        (ErrorClass::Final, _) | (ErrorClass::Default, OnError::Store) => {
            Ending::Complete(errors.error(result, limit))
        }
        (ErrorClass::Ambiguous, _) | (ErrorClass::Default, OnError::Unknown) => Ending::Unknown,
        (ErrorClass::NoEffect, _) | (ErrorClass::Default, OnError::Release) => Ending::Release,
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
            // Only a runtime that shuts down cancels it, and then nobody polls this either.
            Err(_) => std::future::pending().await,
        },
    }
}
