//! Handlers that take the body itself: it is read whole first, so that the claim rests on all of it.

use axum::body::{Body, to_bytes};
use axum::extract::Request;

/// An argument that holds the request's body unread.
pub trait Buffer: Sized {
    #[doc(hidden)]
    fn split(self) -> (Self, Body);
    #[doc(hidden)]
    #[must_use]
    fn join(self, body: Body) -> Self;
}

impl Buffer for Body {
    fn split(self) -> (Self, Body) {
        (Self::empty(), self)
    }

    fn join(self, body: Body) -> Self {
        body
    }
}

impl Buffer for Request {
    fn split(self) -> (Self, Body) {
        let (parts, body) = self.into_parts();
        (Self::from_parts(parts, Body::empty()), body)
    }

    fn join(self, body: Body) -> Self {
        self.map(|_| body)
    }
}

/// The body in memory; a body longer than `limit` or broken stays unread, which the tap will tell.
pub(super) async fn buffered(body: Body, limit: u64) -> Body {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    to_bytes(body, limit).await.map_or_else(|_| Body::empty(), Body::from)
}
