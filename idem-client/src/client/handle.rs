//! The client itself.

use std::sync::Arc;

use http::Method;
use reqwest::IntoUrl;

use super::ClientBuilder;
use super::shared::{Defaults, Shared};
use crate::outcome::{Prior, Unresolved};
use crate::{Outcome, RequestBuilder};

/// An HTTP client that gives each operation one key and sends it until its outcome is known.
///
/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

impl Client {
    /// Sets up a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// An operation by POST, with a key.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// An operation by PUT, with a key.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// An operation by PATCH, with a key.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// An operation by DELETE, with a key.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// A request by GET. It has no effect, so it needs and gets no key.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// An operation by any method. It gets a key unless the method is GET, HEAD, OPTIONS or TRACE.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, url)
    }

    /// Takes an unresolved operation up again: the same request with the same key, and the full limits of its policy
    /// anew. The report goes on from the earlier one, so attempts, polls and waits add up.
    ///
    /// What has no key, is not idempotent by its method and may have been delivered comes back as it is, with nothing
    /// sent.
    ///
    /// # Panics
    /// Outside a Tokio runtime with time and I/O enabled.
    ///
    /// # Cancel safety
    /// As [`Operation::send`](crate::Operation::send): keep the key.
    pub async fn resume(&self, unresolved: Unresolved) -> Outcome {
        let (request, prior) = unresolved.take_up();
        self.run(request, prior).await
    }

    pub(crate) async fn run(&self, request: Arc<crate::request::Frozen>, prior: Prior) -> Outcome {
        super::run::run(&self.0, request, prior).await
    }

    pub(crate) fn defaults(&self) -> &Defaults {
        &self.0.defaults
    }

    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("policy", &self.0.defaults.policy)
            .field("key_header", &self.0.defaults.key_header)
            .finish_non_exhaustive()
    }
}
