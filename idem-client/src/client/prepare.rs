//! The hook before every attempt.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use http::{Method, StatusCode};
use idem_core::IdempotencyKey;
use reqwest::Url;

use crate::request::Frozen;

/// Any error of the caller's.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Prepare = Arc<dyn Fn(AttemptContext) -> Prepared + Send + Sync>;
type Prepared = Pin<Box<dyn Future<Output = Result<HeaderMap, BoxError>> + Send>>;

/// What a hook may look at before an attempt: the whole frozen request, to sign it for instance.
#[derive(Debug, Clone)]
pub struct AttemptContext {
    request: Arc<Frozen>,
    resend_count: u32,
    last_status: Option<StatusCode>,
}

impl AttemptContext {
    pub(super) fn new(request: Arc<Frozen>, resend_count: u32, last_status: Option<StatusCode>) -> Self {
        Self { request, resend_count, last_status }
    }

    /// How often the operation was sent before: 0 at the first attempt.
    #[must_use]
    pub fn resend_count(&self) -> u32 {
        self.resend_count
    }

    /// The status of the last answer, if there was one: 401 asks for a new token.
    #[must_use]
    pub fn last_status(&self) -> Option<StatusCode> {
        self.last_status
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.request.method
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.request.url
    }

    /// The frozen headers, the key's included.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.request.headers
    }

    /// The frozen body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.request.body
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.request.key.as_ref()
    }
}

pub(crate) fn prepare<F, Fut>(hook: F) -> Prepare
where
    F: Fn(AttemptContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<HeaderMap, BoxError>> + Send + 'static,
{
    Arc::new(move |context| Box::pin(hook(context)))
}

/// Puts the hook's headers on top of the frozen ones.
pub(super) fn apply(request: &Frozen, changes: &HeaderMap) -> Result<HeaderMap, FrozenHeader> {
    let mut headers = request.headers.clone();
    for name in changes.keys() {
        let of_body = [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING].contains(name);
        if of_body || request.key_header.is_carried_by(name) {
            return Err(FrozenHeader(name.clone()));
        }
        headers.remove(name);
        for value in changes.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    Ok(headers)
}

/// A hook reached for what is frozen.
#[derive(Debug, thiserror::Error)]
#[error("the `prepare_attempt` hook sets `{0}`, but key and body are the same for every attempt")]
pub(super) struct FrozenHeader(HeaderName);
