//! What the layer hands to a handler, and what is taken from its request.

use std::sync::Arc;

#[cfg(feature = "axum")]
use axum::extract::{MatchedPath, OriginalUri};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::request_body::RequestBodyHasher;
use crate::engine::Engine;

/// What [`IdemLayer`](super::IdemLayer) hands to the handler, in the request's extensions.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) engine: Arc<Engine>,
    pub(super) hasher: Arc<RequestBodyHasher>,
}

crate::debug::structure!(Handle: engine);

/// The same for a request that needs no key: a handler may want a transaction all the same.
#[derive(Clone)]
pub(super) struct Unwatched(pub(super) Arc<Engine>);

crate::debug::structure!(Unwatched);

/// What the extractor sees of a request.
pub(super) enum RequestView {
    /// A safe method: the handler runs as it is.
    Safe(Option<Unwatched>),
    /// No layer above.
    NoLayer,
    /// A request to protect.
    Request(Box<Captured>),
}

crate::debug::variants!(RequestView { Safe, NoLayer, Request });

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
    /// The method counts in the fingerprint of a named operation. (An attribute's function has its methods from its router.)
    pub(super) method_counts: bool,
}

crate::debug::structure!(Captured: method);

pub(super) enum KeyHeader {
    None,
    One(HeaderValue),
    Several,
}

crate::debug::variants!(KeyHeader { None, One, Several });

impl Captured {
    #[cfg_attr(not(feature = "axum"), allow(clippy::unused_self, reason = "only axum has patterns"))]
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
            method_counts: false,
            handle,
        }
    }
}

/// The URI as the client sent it, where a router has cut a part of it off.
fn sent_uri(parts: &Parts) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(original) = parts.extensions.get::<OriginalUri>() {
        return &original.0;
    }
    &parts.uri
}

/// Methods that change nothing need no key (RFC 9110 §9.2.1); a CORS preflight cannot even carry one.
pub(super) fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}
