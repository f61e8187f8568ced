//! One call of an idempotent axum handler. The macro emits `spawn(context.operation(…).key(…).run(…))`.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use axum::response::IntoResponse;
use serde::Serialize;

use super::body::{WholeBody, buffered};
use super::context::{Captured, KeyHeader, Seen};
use super::respond::{drive, replay};
use super::{Response, problem};
use crate::engine::{Engine, Entered, Operation};
use crate::fingerprint::{Fingerprint, InvalidFingerprint};
use crate::http::Profile;
use crate::key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart};
use crate::policy::Spec;
use crate::refused::Refused;

/// A call that is about to be made.
#[derive(Debug)]
#[must_use]
pub struct AxumOperation {
    seen: Seen,
    spec: Spec,
    key: Source,
    scope: Source,
    fingerprint: Option<Result<Fingerprint, InvalidFingerprint>>,
}

/// Where key or scope come from.
#[derive(Debug)]
enum Source {
    /// The request, as the builder said.
    Request,
    /// An expression of the handler, with its value.
    Handler(Vec<u8>),
    /// An expression of the handler that says there is none.
    Nothing,
}

impl From<Option<Vec<u8>>> for Source {
    fn from(value: Option<Vec<u8>>) -> Self {
        value.map_or(Self::Nothing, Self::Handler)
    }
}

impl AxumOperation {
    pub(super) fn new(seen: Seen, spec: Spec) -> Self {
        Self { seen, spec, key: Source::Request, scope: Source::Request, fingerprint: None }
    }

    /// The key, instead of the header.
    pub fn key<K: KeyPart + ?Sized>(mut self, key: &K) -> Self {
        self.key = KeyBuf::of(key).into();
        self
    }

    /// Who the key belongs to, instead of what the builder said.
    pub fn scope<K: KeyPart + ?Sized>(mut self, scope: &K) -> Self {
        self.scope = KeyBuf::of(scope).filter(|scope| !scope.is_empty()).into();
        self
    }

    /// What the request says, instead of its query, content type and body.
    pub fn fingerprint<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        self.fingerprint = Some(Fingerprint::of_value(value));
        self
    }

    /// Reads the body of an argument into memory, up to the cap.
    ///
    /// # Errors
    /// None today; the signature leaves room for an answer in place of the call.
    pub async fn buffer<B: WholeBody>(self, argument: B) -> Result<(Self, B), Response> {
        let Seen::Request(captured) = &self.seen else { return Ok((self, argument)) };
        let limit = captured.handle.engine.config.max_request_bytes;
        let (argument, body) = argument.split();
        let body = buffered(body, limit).await;
        Ok((self, argument.join(body)))
    }

    /// Runs `handler`, or gives the stored response.
    pub async fn run<T>(self, respond: fn(T) -> Response, handler: impl AsyncFnOnce() -> T) -> Response {
        self.run_if(respond, |_| true, handler).await
    }

    /// As [`run`](Self::run); a response that `wanted` does not want stored frees the key.
    pub async fn run_if<T>(
        self,
        respond: fn(T) -> Response,
        wanted: impl FnOnce(&Response) -> bool,
        handler: impl AsyncFnOnce() -> T,
    ) -> Response {
        let Self { seen, spec, key, scope, fingerprint } = self;
        let captured = match seen {
            Seen::Request(captured) => captured,
            Seen::Safe => return respond(handler().await),
            Seen::NoLayer => {
                tracing::error!(
                    "an #[idempotent] handler was called without idem's layer: add `.layer(idem.layer())` to its router"
                );
                let refused = Refused::Misconfigured("its idempotency layer is missing");
                return problem(&refused, Profile::default());
            }
        };
        let engine = Arc::clone(&captured.handle.engine);
        let profile = engine.config.profile;
        let operation = match resolve(&engine, &captured, spec, key, scope, fingerprint).await {
            Ok(Some(operation)) => operation,
            Ok(None) => return respond(handler().await),
            Err(refused) => return problem(&refused, profile),
        };
        // The tap and what it holds of the body are not needed any more.
        drop(captured);
        match engine.enter(&operation).await {
            Ok(Entered::Replay(reply)) => replay(&reply, profile),
            Ok(Entered::Unprotected) => respond(handler().await),
            Ok(Entered::Run(attempt)) => drive(&engine, attempt, wanted, async || respond(handler().await)).await,
            Err(refused) => problem(&refused, profile),
        }
    }
}

/// `None` if there is no key and none is needed.
async fn resolve(
    engine: &Engine,
    captured: &Captured,
    spec: Spec,
    key: Source,
    scope: Source,
    fingerprint: Option<Result<Fingerprint, InvalidFingerprint>>,
) -> Result<Option<Operation>, Refused> {
    let key = match key {
        Source::Handler(key) => Some(Cow::Owned(key)),
        Source::Nothing => None,
        Source::Request => header_key(&captured.key)?,
    };
    let key = match key {
        Some(key) if key.is_empty() => return Err(InvalidKey::Empty.into()),
        Some(key) => key,
        None if spec.optional => return Ok(None),
        None => return Err(Refused::KeyMissing),
    };
    let scope = match scope {
        Source::Handler(scope) => Ok(scope),
        Source::Nothing => Err("the scope of the request is empty"),
        Source::Request => captured.scope.clone(),
    };
    let scope = scope.map_err(Refused::ScopeMissing)?;
    let fingerprint = match fingerprint {
        Some(computed) => computed?,
        None => captured.handle.tap.finish(engine.config.max_request_bytes).await.inspect_err(|refused| {
            if *refused == Refused::BodyNotRead {
                tracing::error!(
                    "an #[idempotent] handler streams its body itself: give it `fingerprint = …` without the body"
                );
            }
        })?,
    };
    let name = match spec.name {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(format!("{} {}", captured.method, captured.uri.path())),
    };
    let policy = spec.over(&engine.config.policy);
    Ok(Some(engine.operation(&scope, &name, &key, fingerprint, policy)))
}

fn header_key(header: &KeyHeader) -> Result<Option<Cow<'_, [u8]>>, Refused> {
    match header {
        KeyHeader::None => Ok(None),
        KeyHeader::Several => Err(InvalidKey::Several.into()),
        KeyHeader::One(value) => {
            let key = IdempotencyKey::from_header(value.as_bytes())?;
            Ok(Some(Cow::Owned(key.as_str().as_bytes().to_vec())))
        }
    }
}

/// The only place that asks for a response, so that a type that is none is reported once.
pub fn respond<T: IntoResponse>(output: T) -> Response {
    output.into_response()
}

/// Runs a call in a task of its own, so that it goes on when its caller hangs up.
///
/// # Panics
/// Outside a tokio runtime, as [`tokio::spawn`] does.
pub async fn spawn(call: impl Future<Output = Response> + Send + 'static) -> Response {
    match tokio::spawn(call).await {
        Ok(response) => response,
        // Only a runtime that shuts down ends it: the record says what became of it.
        Err(_) => problem(&Refused::OutcomeUnknown, Profile::default()),
    }
}
