//! The request builder.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use idem_core::IdempotencyKey;
use reqwest::{IntoUrl, Url};
use serde::Serialize;

use super::{Frozen, Operation};
use crate::client::{AttemptContext, BoxError, Client, Prepare, prepare};
use crate::engine::{Policy, Refresh};
use crate::key::{KeySource, OperationName, OperationParts, derive};
use crate::{BuildError, Error, Outcome};

/// Describes one operation. A mistake made on the way is told by [`build`](Self::build) and [`send`](Self::send);
/// the first one counts.
#[derive(Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct RequestBuilder {
    client: Client,
    parts: Result<Parts, BuildError>,
}

struct Parts {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    content_type: Option<HeaderValue>,
    key: KeySource,
    name: Option<OperationParts>,
    policy: Option<Policy>,
    prepare: Option<Prepare>,
}

impl RequestBuilder {
    pub(crate) fn new(client: Client, method: Method, url: impl IntoUrl) -> Self {
        let parts = absolute(url).map(|url| Parts {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            content_type: None,
            key: KeySource::default(),
            name: None,
            policy: None,
            prepare: None,
        });
        Self { client, parts }
    }

    /// Adds a header line. `Content-Type` given here goes before the one that [`json`](Self::json) sets.
    ///
    /// The key's own header is refused: give the key to [`key`](Self::key).
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        self.with(|parts| {
            let name = name.try_into().map_err(|_| BuildError::HeaderName)?;
            let value = value.try_into().map_err(|_| BuildError::HeaderValue(name.clone()))?;
            parts.headers.append(name, value);
            Ok(())
        })
    }

    /// The body as JSON, written once, here.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.with(|parts| {
            parts.body = serde_json::to_vec(body).map_err(BuildError::Json)?.into();
            parts.content_type = Some(HeaderValue::from_static("application/json"));
            Ok(())
        })
    }

    /// The body, byte for byte. A stream is no body here: what cannot be sent twice cannot be retried.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.with(|parts| {
            parts.body = body.into();
            parts.content_type = None;
            Ok(())
        })
    }

    /// Uses this key, inside a handler too. The same key with another request is refused by the server.
    pub fn key(self, key: IdempotencyKey) -> Self {
        self.with(|parts| {
            parts.key = KeySource::Given(key);
            Ok(())
        })
    }

    /// Derives the key from what the operation is, such as `("charge", order.id)`: the same after a restart, on
    /// another machine, and when the user tries again. [`derive()`] has the recipe and its limits.
    ///
    /// Inside an `#[idempotent]` handler this goes before the running key, so the operation is one for all handlers
    /// that name it: use [`name`](Self::name) for a call that belongs to the handler's own operation.
    pub fn operation(self, name: impl OperationName) -> Self {
        self.with(|parts| {
            parts.key = KeySource::Given(derive(&name)?);
            Ok(())
        })
    }

    /// Names the call within the `#[idempotent]` handler that makes it, such as `"charge"` or `("refund", line.id)`. The
    /// key is then [derived](idem_core::Current::derive) from the running key and this name: see
    /// [keys that travel](crate::key#keys-that-travel). A name is good for one call of a run.
    ///
    /// Outside of handlers, and beside a key that the request has by itself, the name changes nothing.
    pub fn name(self, name: impl OperationName) -> Self {
        self.with(|parts| {
            parts.name = Some(OperationParts::of(&name)?);
            Ok(())
        })
    }

    /// Makes a fresh `UUIDv7` for this call, also inside an `#[idempotent]` handler, where a re-run then makes the call
    /// **once more**, under another key; and also for methods that get no key by themselves.
    pub fn fresh_key(self) -> Self {
        self.with(|parts| {
            parts.key = KeySource::Fresh;
            Ok(())
        })
    }

    /// Sends no key. A POST or PATCH is then only sent again if it was proved undelivered.
    pub fn no_key(self) -> Self {
        self.with(|parts| {
            parts.key = KeySource::Absent;
            Ok(())
        })
    }

    /// Other limits than the client's, for this operation.
    pub fn policy(self, policy: Policy) -> Self {
        self.with(|parts| {
            parts.policy = Some(policy);
            Ok(())
        })
    }

    /// Another hook than the client's, for this operation: see
    /// [`ClientBuilder::prepare_attempt`](crate::ClientBuilder::prepare_attempt).
    pub fn prepare_attempt<F, Fut>(self, hook: F) -> Self
    where
        F: Fn(AttemptContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HeaderMap, BoxError>> + Send + 'static,
    {
        self.with(|parts| {
            parts.prepare = Some(prepare(hook));
            Ok(())
        })
    }

    /// Freezes the request and settles its key. Nothing is sent.
    ///
    /// Inside an `#[idempotent]` handler the call's name is taken from here on, also if it is never sent.
    ///
    /// # Errors
    /// [`BuildError`] names the first mistake.
    pub fn build(self) -> Result<Operation, BuildError> {
        let parts = self.parts?;
        let defaults = self.client.defaults();
        if let Some(name) = parts.headers.keys().find(|name| defaults.key_header.is_carried_by(name)) {
            return Err(BuildError::KeyByHand(name.clone()));
        }
        let mut headers = parts.headers;
        if let (Some(value), false) = (parts.content_type, headers.contains_key(CONTENT_TYPE)) {
            headers.insert(CONTENT_TYPE, value);
        }
        let key = parts.key.key(&parts.method, &parts.url, parts.name)?;
        if let Some(key) = &key {
            headers.insert(defaults.key_header.name(), defaults.key_header.value(key)?);
        }
        let prepare = parts.prepare.or_else(|| defaults.prepare.clone());
        let mut policy = parts.policy.unwrap_or_else(|| defaults.policy.clone());
        if prepare.is_some() {
            policy = policy.unauthorized(Refresh::Worthwhile);
        }
        let request = Frozen {
            method: parts.method,
            url: parts.url,
            headers,
            body: parts.body,
            key,
            key_header: defaults.key_header.clone(),
            policy,
            delays: defaults.delays.clone(),
            prepare,
        };
        Ok(Operation::new(self.client, request))
    }

    /// [Builds](Self::build) the operation, here and now, and [sends](Operation::send) it when the future is polled.
    ///
    /// # Errors
    /// [`Error`] if the client itself refuses; nothing has been sent then.
    ///
    /// # Panics
    /// Outside a Tokio runtime with time and I/O enabled.
    ///
    /// # Cancel safety
    /// As [`Operation::send`].
    pub fn send(self) -> impl Future<Output = Result<Outcome, Error>> {
        // Not in the future, which may be polled by a task that is not the handler's.
        let operation = self.build();
        async { operation?.send().await }
    }

    fn with(mut self, change: impl FnOnce(&mut Parts) -> Result<(), BuildError>) -> Self {
        self.parts = self.parts.and_then(|mut parts| change(&mut parts).map(|()| parts));
        self
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str().unwrap_or_default())
            .field("path", &self.url.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn absolute(url: impl IntoUrl) -> Result<Url, BuildError> {
    let url = url.into_url().map_err(|error| {
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        BuildError::Url(cause.unwrap_or_else(|| error.to_string()))
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(BuildError::Url(format!("its scheme is `{other}`, and must be `http` or `https`"))),
    }
}
