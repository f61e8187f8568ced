//! The extractor that `#[idempotent]` puts in front of a handler's own.

use std::convert::Infallible;
use std::fmt;

#[cfg(feature = "axum")]
use axum::extract::{MatchedPath, OriginalUri};
use axum_core::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::layer::{Handle, Unwatched, is_safe};
use super::op::AxumOperation;
use crate::policy::Spec;

/// Takes from a request what the engine will need, and decides nothing: extractors behind it may still refuse, and a
/// refused request must not touch a record. With `FIELDS`, it keeps the header fields as well.
pub struct Context<const FIELDS: bool = false>(pub(super) Seen);

impl<const FIELDS: bool> fmt::Debug for Context<FIELDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

pub(super) enum Seen {
    /// A safe method: the handler runs as it is.
    Safe(Option<Unwatched>),
    /// No layer above.
    NoLayer,
    /// A request to protect.
    Request(Box<Captured>),
}

crate::debug::variants!(Seen { Safe, NoLayer, Request });

/// What was taken.
pub(super) struct Captured {
    pub(super) handle: Handle,
    pub(super) method: Method,
    /// As the client sent it: nesting does not make another operation.
    pub(super) uri: Uri,
    /// The router's pattern, with that of every router around it.
    #[cfg(feature = "axum")]
    pub(super) route: Option<MatchedPath>,
    pub(super) key: KeyHeader,
    pub(super) content_type: Option<HeaderValue>,
    /// All of them, for a handler that names some.
    pub(super) fields: Option<HeaderMap>,
    pub(super) scope: Result<Vec<u8>, &'static str>,
}

crate::debug::structure!(Captured: method);

pub(super) enum KeyHeader {
    None,
    One(HeaderValue),
    Several,
}

crate::debug::variants!(KeyHeader { None, One, Several });

impl Captured {
    pub(super) fn route(&self) -> Option<&str> {
        #[cfg(feature = "axum")]
        return self.route.as_ref().map(MatchedPath::as_str);
        #[cfg(not(feature = "axum"))]
        None
    }

    /// Of a request that has `handle` above it.
    pub(super) fn new(handle: Handle, parts: &Parts, fields: bool) -> Self {
        let config = &handle.engine.config;
        let mut keys = parts.headers.get_all(&config.key_header).iter();
        let key = match (keys.next(), keys.next()) {
            (None, _) => KeyHeader::None,
            (Some(key), None) => KeyHeader::One(key.clone()),
            (Some(_), Some(_)) => KeyHeader::Several,
        };
        Self {
            method: parts.method.clone(),
            uri: sent_uri(parts).clone(),
            #[cfg(feature = "axum")]
            route: parts.extensions.get::<MatchedPath>().cloned(),
            key,
            content_type: parts.headers.get(header::CONTENT_TYPE).cloned(),
            fields: fields.then(|| parts.headers.clone()),
            scope: handle.engine.scope.of(parts),
            handle,
        }
    }
}

impl<S: Send + Sync, const FIELDS: bool> FromRequestParts<S> for Context<FIELDS> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(see(parts, FIELDS)))
    }
}

fn see(parts: &Parts, fields: bool) -> Seen {
    if is_safe(&parts.method) {
        return Seen::Safe(parts.extensions.get::<Unwatched>().cloned());
    }
    let Some(handle) = parts.extensions.get::<Handle>() else { return Seen::NoLayer };
    Seen::Request(Box::new(Captured::new(handle.clone(), parts, fields)))
}

/// The URI as the client sent it, where a router has cut a part of it off.
fn sent_uri(parts: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(original) = parts.extensions.get::<OriginalUri>() {
        return &original.0;
    }
    &parts.uri
}

impl<const FIELDS: bool> Context<FIELDS> {
    /// Starts the call.
    pub fn operation(self, spec: Spec) -> AxumOperation {
        AxumOperation::new(self.0, spec)
    }
}
