//! One call of an idempotent axum handler. The macro emits `context.operation(…).key(…).run(respond, async move { … })`.
//!
//! The handler's future is boxed before all else, so that the code around it is compiled once and not for each handler, and
//! so that an argument is stored once.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use axum_core::response::IntoResponse;
use serde::Serialize;

use super::body::{WholeBody, buffered};
use super::captured::{Captured, KeyHeader, RequestView};
use super::context::Context;
use super::form::HttpForm;
use super::former::Former;
use super::head::{Says, with_head};
use super::outlive::Outlive;
use super::run::{Handler, run};
use super::{Response, Unwanted, path};
use crate::engine::{Engine, Entered, Operation};
use crate::fingerprint::{Fingerprint, InvalidFingerprint};
use crate::form::{Call, checked_key, checked_scope};
use crate::key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart};
use crate::observe;
use crate::policy::Spec;
use crate::refused::Refused;

/// A call that is about to be made.
#[must_use]
pub struct AxumOperation {
    seen: RequestView,
    spec: Spec,
    key: ValueSource,
    scope: ValueSource,
    fingerprint: Option<Result<Fingerprint, InvalidFingerprint>>,
}

crate::debug::structure!(AxumOperation: seen);

/// Where key or scope come from.
enum ValueSource {
    /// The request, as the builder said.
    Request,
    /// An expression of the handler, with its value.
    Handler(Vec<u8>),
    /// An expression of the handler that says there is none.
    Nothing,
}

crate::debug::variants!(ValueSource { Request, Handler, Nothing });

impl From<Option<Vec<u8>>> for ValueSource {
    fn from(value: Option<Vec<u8>>) -> Self {
        value.map_or(Self::Nothing, Self::Handler)
    }
}

impl<const FIELDS: bool> Context<FIELDS> {
    /// Starts the call.
    pub fn operation(self, spec: Spec) -> AxumOperation {
        AxumOperation::new(self.0, spec)
    }
}

impl AxumOperation {
    pub(super) const fn new(seen: RequestView, spec: Spec) -> Self {
        Self { seen, spec, key: ValueSource::Request, scope: ValueSource::Request, fingerprint: None }
    }

    /// The key, instead of the header.
    pub fn key<K: KeyPart + ?Sized>(self, key: &K) -> Self {
        self.key_bytes(KeyBuf::of(key))
    }

    /// Who the key belongs to, instead of what the builder said.
    pub fn scope<K: KeyPart + ?Sized>(self, scope: &K) -> Self {
        self.scope_bytes(KeyBuf::of(scope))
    }

    /// What the request says, instead of its query, content type, content encoding and body.
    pub fn fingerprint<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.fingerprinted(Fingerprint::of_value(value))
    }

    pub(super) fn key_bytes(mut self, key: Option<Vec<u8>>) -> Self {
        self.key = key.into();
        self
    }

    pub(super) fn scope_bytes(mut self, scope: Option<Vec<u8>>) -> Self {
        self.scope = scope.filter(|scope| !scope.is_empty()).into();
        self
    }

    pub(super) fn fingerprinted(mut self, fingerprint: Result<Fingerprint, InvalidFingerprint>) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// Reads the body of an argument into memory, up to the cap. Without a key there is nothing to fingerprint, and the
    /// body stays as it is.
    ///
    /// # Errors
    /// None today; the signature leaves room for an answer in place of the call.
    pub async fn buffer<B: WholeBody>(self, argument: B) -> Result<(Self, B), Response> {
        let RequestView::Request(captured) = &self.seen else { return Ok((self, argument)) };
        if let KeyHeader::None = captured.key {
            return Ok((self, argument));
        }
        let limit = captured.handle.engine.config.max_request_bytes;
        let (argument, body) = argument.split();
        let body = buffered(body, limit).await;
        Ok((self, argument.join(body)))
    }

    /// Runs the handler, or gives the answer that is known.
    ///
    /// # Cancel safety
    /// Dropped while the store is being asked, the question is settled in the background: a claim that was won without a
    /// caller is released. Dropped while the handler runs, the handler goes on in a task of its own.
    ///
    /// # Panics
    /// Outside a tokio runtime, as [`tokio::spawn`] does; and where a handler without a key panicked, as it would without
    /// the attribute.
    pub fn run<T: 'static>(
        self,
        respond: fn(T) -> Response,
        handler: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Response> + Send {
        self.drive(Box::pin(async move { respond(handler.await) }))
    }

    /// As [`run`](Self::run); a response that `wanted` does not want stored frees the key.
    pub fn run_if<T: 'static>(
        self,
        respond: fn(T) -> Response,
        wanted: impl FnOnce(&Response) -> bool + Send + 'static,
        handler: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Response> + Send {
        self.drive(Box::pin(async move {
            let response = respond(handler.await);
            if wanted(&response) { response } else { unwanted(response) }
        }))
    }

    pub(super) async fn drive(mut self, handler: Handler) -> Response {
        let form = HttpForm::of(self.engine().map(|engine| &**engine));
        let entered = self.enter().await;
        // What is left of the request goes before the handler runs.
        drop(self);
        match Call::begin(form, entered) {
            Ok(call) => Outlive::new(run(call, handler)).await,
            Err(answer) => answer,
        }
    }

    /// The engine of the layer, where there is one.
    pub(super) fn engine(&self) -> Option<&Arc<Engine>> {
        match &self.seen {
            RequestView::Request(captured) => Some(&captured.handle.engine),
            RequestView::Safe(layer) => layer.as_ref().map(|layer| &layer.0),
            RequestView::NoLayer => None,
        }
    }

    /// Finds out what this call may do.
    async fn enter(&mut self) -> Result<Entered, Refused> {
        let engine = self.engine().cloned();
        let (Some((mut operation, former)), Some(engine)) = (self.resolve().await?, engine) else {
            return Ok(Entered::Unprotected);
        };
        let mut entered = engine.enter_uncounted(&operation).await;
        if let Err(Refused::KeyReused) = entered {
            match former.of_record(&engine, &operation).await {
                Ok(None) => {}
                Ok(Some(fingerprint)) => {
                    operation.fingerprint = fingerprint;
                    entered = engine.enter_uncounted(&operation).await;
                }
                Err(refused) => entered = Err(refused),
            }
        }
        operation.counts(&entered);
        entered
    }

    /// What is asked for; `None` if there is no key and none is needed. Takes what was seen of the request, and leaves the
    /// rest where it is: moving it from one future into the next costs more than looking at it.
    ///
    /// # Errors
    /// The request breaks a rule, or there is no layer.
    pub(super) async fn resolve(&mut self) -> Result<Option<(Operation, Former)>, Refused> {
        let captured = match std::mem::replace(&mut self.seen, RequestView::NoLayer) {
            RequestView::Request(captured) => captured,
            RequestView::Safe(_) => return Ok(None),
            RequestView::NoLayer => return Err(no_layer()),
        };
        let name = self.spec.name;
        let key = std::mem::replace(&mut self.key, ValueSource::Nothing);
        let scope = std::mem::replace(&mut self.scope, ValueSource::Nothing);
        let resolved = resolve(captured, &self.spec, key, scope, self.fingerprint.take()).await;
        match &resolved {
            Ok(Some(_)) => {}
            Ok(None) => observe::unprotected(name),
            Err(refused) => observe::refused(name, refused.code()),
        }
        resolved
    }

    #[cfg(feature = "_tx")]
    pub(super) const fn spec(&self) -> &Spec {
        &self.spec
    }
}

/// The mark of a response that is not to be stored.
fn unwanted(mut response: Response) -> Response {
    response.extensions_mut().insert(Unwanted);
    response
}

pub(super) fn no_layer() -> Refused {
    tracing::error!(
        "an #[idempotent] handler was called without idem's layer: add `.layer(idem.layer())` to its router"
    );
    let refused = Refused::Misconfigured("its idempotency layer is missing");
    observe::refused(None, refused.code());
    refused
}

/// `None` if there is no key and none is needed.
async fn resolve(
    mut captured: Box<Captured>,
    spec: &Spec,
    key: ValueSource,
    scope: ValueSource,
    fingerprint: Option<Result<Fingerprint, InvalidFingerprint>>,
) -> Result<Option<(Operation, Former)>, Refused> {
    let engine = Arc::clone(&captured.handle.engine);
    let engine = &*engine;
    engine.admit(spec)?;
    if spec.fingerprint_headers.iter().any(|name| engine.config.key_header == *name) {
        return Err(Refused::Misconfigured("`fingerprint_headers` names the header that carries the key"));
    }
    let says = match (&key, &fingerprint) {
        (_, Some(_)) => Says::Value,
        (ValueSource::Request, None) => Says::Request,
        (ValueSource::Handler(_) | ValueSource::Nothing, None) => Says::Payload,
    };
    let key = match key {
        ValueSource::Handler(key) => Some(key),
        ValueSource::Nothing => None,
        ValueSource::Request => header_key(&captured.key)?,
    };
    let Some(key) = checked_key(key, spec.optional)? else { return Ok(None) };
    let scope = match scope {
        ValueSource::Handler(scope) => Ok(scope),
        ValueSource::Nothing => Err("the scope of the request is empty"),
        ValueSource::Request => std::mem::replace(&mut captured.scope, Ok(Vec::new())),
    };
    let name = match spec.name {
        Some(name) => Cow::Borrowed(name),
        None => {
            let path = path::canonical(captured.uri.path(), captured.route());
            Cow::Owned([captured.method.as_str(), " ", &path].concat())
        }
    };
    let scope = checked_scope(engine, &name, scope)?;
    let base = match (fingerprint, says) {
        (Some(computed), _) => computed?,
        (None, Says::Payload) => Fingerprint::none(),
        (None, _) => body_fingerprint(engine, &name, &captured).await?,
    };
    let fingerprint = with_head(base, says, &captured, spec);
    let former = Former::new(base, says, spec);
    let policy = spec.over(&engine.config.policy);
    let operation = engine.operation(&scope, name, key, fingerprint, policy);
    #[cfg(feature = "metrics")]
    let operation = match captured.route() {
        // A method of one's own may be anything.
        Some(route) if spec.name.is_none() && is_standard(&captured.method) => {
            operation.in_series([captured.method.as_str(), " ", route].concat())
        }
        _ => operation,
    };
    Ok(Some((operation, former)))
}

#[cfg(feature = "metrics")]
fn is_standard(method: &http::Method) -> bool {
    use http::Method;
    [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
}

async fn body_fingerprint(
    engine: &Engine,
    operation: &str,
    captured: &Captured,
) -> Result<Fingerprint, Refused> {
    let (query, content_type) = (captured.uri.query(), captured.content_type.as_ref());
    let limit = engine.config.max_request_bytes;
    captured.handle.hasher.finish(query, content_type, limit).await.inspect_err(|refused| {
        if *refused == Refused::BodyNotRead {
            engine.log_not_read(operation);
        }
    })
}

fn header_key(header: &KeyHeader) -> Result<Option<Vec<u8>>, Refused> {
    match header {
        KeyHeader::None => Ok(None),
        KeyHeader::Several => Err(InvalidKey::Several.into()),
        KeyHeader::One(value) => Ok(Some(IdempotencyKey::from_header(value.as_bytes())?.into_bytes())),
    }
}

/// The only place that asks for a response, so that a type that is none is reported once.
pub fn respond<T: IntoResponse>(output: T) -> Response {
    output.into_response()
}
