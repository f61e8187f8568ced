//! A body that is hashed as it is read, and whose unread rest is not lost.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum_core::body::Body;
use bytes::Bytes;
use http::HeaderValue;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::fingerprint::{BodyHasher, Fingerprint};
use crate::refused::Refused;

/// What has been heard of a request's body.
#[derive(Default)]
pub(super) struct RequestBodyHasher {
    state: Mutex<State>,
    /// How the body is encoded where it is heard: a layer further in may decode it.
    coding: Option<String>,
}

crate::debug::structure!(RequestBodyHasher);

#[derive(Default)]
struct State {
    hasher: BodyHasher,
    end: BodyEnd,
}

crate::debug::structure!(State: hasher);

#[derive(Default)]
enum BodyEnd {
    /// A layer, an extractor or the handler still holds the body.
    #[default]
    Open,
    /// The body was read to its end.
    Whole,
    /// The body was dropped before its end; the rest is what was not read.
    Rest(Body),
    /// The body ended with an error.
    Broken,
}

crate::debug::variants!(BodyEnd { Open, Whole, Rest, Broken });

impl RequestBodyHasher {
    pub(super) fn new(coding: Option<String>) -> Self {
        Self { coding, ..Self::default() }
    }

    /// The content codings of the body, if there are any.
    pub(super) fn coding(&self) -> Option<&str> {
        self.coding.as_deref()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chunk(&self, chunk: &Bytes) {
        self.lock().hasher.update(chunk);
    }

    /// A body that was read before the call.
    pub(super) fn hear_whole(&self, bytes: &Bytes) {
        self.chunk(bytes);
        self.end(BodyEnd::Whole);
    }

    fn end(&self, end: BodyEnd) {
        self.lock().end = end;
    }

    /// The fingerprint of the whole body, after reading what no extractor has read, up to `limit` bytes in all.
    pub(super) async fn finish(
        &self,
        query: Option<&str>,
        content_type: Option<&HeaderValue>,
        limit: u64,
    ) -> Result<Fingerprint, Refused> {
        let State { mut hasher, end } = std::mem::take(&mut *self.lock());
        match end {
            BodyEnd::Open => return Err(Refused::BodyNotRead),
            BodyEnd::Broken => return Err(Refused::BodyUnreadable),
            BodyEnd::Whole => {}
            BodyEnd::Rest(mut rest) => {
                while hasher.len() <= limit {
                    let Some(frame) = rest.frame().await else { break };
                    let frame = frame.map_err(|_| Refused::BodyUnreadable)?;
                    if let Some(chunk) = frame.data_ref() {
                        hasher.update(chunk);
                    }
                }
            }
        }
        if hasher.len() > limit {
            return Err(Refused::BodyTooLarge { limit });
        }
        Ok(hasher.finish(query, content_type.and_then(|value| value.to_str().ok())))
    }
}

/// The body that extractors see.
pub(super) struct HashedBody {
    inner: Body,
    hasher: Arc<RequestBodyHasher>,
    over: bool,
}

crate::debug::structure!(HashedBody: over);

impl HashedBody {
    pub(super) fn new(inner: Body, hasher: Arc<RequestBodyHasher>) -> Self {
        Self { inner, hasher, over: false }
    }
}

impl HttpBody for HashedBody {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum_core::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(chunk) = frame.data_ref() {
                    self.hasher.chunk(chunk);
                }
            }
            Some(Err(_)) => {
                self.over = true;
                self.hasher.end(BodyEnd::Broken);
            }
            None => {
                self.over = true;
                self.hasher.end(BodyEnd::Whole);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for HashedBody {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let inner = std::mem::take(&mut self.inner);
        self.hasher.end(if inner.is_end_stream() { BodyEnd::Whole } else { BodyEnd::Rest(inner) });
    }
}
