//! The request as every attempt sends it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use idem_core::IdempotencyKey;
use reqwest::Url;

use crate::client::Prepare;
use crate::engine::{DelaySource, Policy, Repeat};
use crate::key::{KeyHeader, digest};

/// One operation's request. Nothing of it changes between attempts; a hook may only put headers on top.
pub(crate) struct Frozen {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// With the key's header.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) key_header: KeyHeader,
    pub(crate) policy: Policy,
    pub(crate) delays: Option<Arc<dyn DelaySource>>,
    pub(crate) prepare: Option<Prepare>,
}

impl Frozen {
    pub(crate) fn repeat(&self) -> Repeat {
        Repeat::of(self.key.as_ref(), &self.method)
    }

    /// The key as a log may show it.
    pub(crate) fn key_digest(&self) -> Option<String> {
        self.key.as_ref().map(digest)
    }
}

impl fmt::Debug for Frozen {
    /// Without key, body, header values and the URL's query and credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str().unwrap_or_default())
            .field("path", &self.url.path())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("key", &self.key_digest())
            .finish_non_exhaustive()
    }
}
