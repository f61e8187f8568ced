//! The extractor that `#[idempotent]` puts in front of a handler's own.

use std::convert::Infallible;
use std::fmt;

use axum_core::extract::FromRequestParts;
use http::request::Parts;

use super::captured::{Captured, Handle, RequestView, Unwatched, is_safe};

/// Takes from a request what the engine will need, and decides nothing: extractors behind it may still refuse, and a
/// refused request must not touch a record. With `FIELDS`, it keeps the header fields as well.
pub struct Context<const FIELDS: bool = false>(pub(super) RequestView);

impl<const FIELDS: bool> fmt::Debug for Context<FIELDS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

impl<S: Send + Sync, const FIELDS: bool> FromRequestParts<S> for Context<FIELDS> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(see(parts, FIELDS)))
    }
}

fn see(parts: &Parts, fields: bool) -> RequestView {
    if is_safe(&parts.method) {
        return RequestView::Safe(parts.extensions.get::<Unwatched>().cloned());
    }
    let Some(handle) = parts.extensions.get::<Handle>() else { return RequestView::NoLayer };
    RequestView::Request(Box::new(Captured::new(handle.clone(), parts, fields)))
}
