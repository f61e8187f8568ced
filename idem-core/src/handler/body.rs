//! Handlers that take the body itself: it is read whole first, so that the claim rests on all of it.

use axum_core::body::Body;
use axum_core::extract::Request;
use http_body_util::{BodyExt, Limited};

/// An argument that holds the request's body unread.
#[diagnostic::on_unimplemented(
    message = "`#[idempotent]` takes an argument whose type is named `Request` or `Body` for axum's, and `{Self}` is another type",
    label = "not axum's `Request` or `Body`",
    note = "import your type under another name: `use api::Request as OrderRequest;`"
)]
pub trait WholeBody: Sized + Sealed {
    #[doc(hidden)]
    fn split(self) -> (Self, Body);
    #[doc(hidden)]
    #[must_use]
    fn join(self, body: Body) -> Self;
}

/// Sealed: the macro asks for it by the name of axum's types.
#[allow(unnameable_types, reason = "that is how a trait is sealed")]
pub trait Sealed {}

impl Sealed for Body {}
impl Sealed for Request {}

impl WholeBody for Body {
    fn split(self) -> (Self, Body) {
        (Self::empty(), self)
    }

    fn join(self, body: Body) -> Self {
        body
    }
}

impl WholeBody for Request {
    fn split(self) -> (Self, Body) {
        let (parts, body) = self.into_parts();
        (Self::from_parts(parts, Body::empty()), body)
    }

    fn join(self, body: Body) -> Self {
        self.map(|_| body)
    }
}

/// The body in memory; a body longer than `limit` or broken stays unread, which the hasher will tell.
pub(super) async fn buffered(body: Body, limit: u64) -> Body {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let read = Limited::new(body, limit).collect().await;
    read.map_or_else(|_| Body::empty(), |read| Body::from(read.to_bytes()))
}
