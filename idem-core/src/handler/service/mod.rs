//! Idempotency for any HTTP service, without the attribute: a tower layer, with a policy for each route.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use idem_core::service::{Body, Protection, Route};
//! use idem_core::{Idem, Scope, store::memory::MemoryStore};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
//! let layer = idem.service_layer(|request| match request.uri.path() {
//!     "/health" => Protection::None,
//!     _ => Protection::Keyed(Route::new()),
//! });
//! let service = layer.layer(service_fn(async |_: Request<Body>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Body::from("charged"))) // runs once for each key
//! }));
//! let ask = || Request::post("/payments").header("idempotency-key", "k-1").body(Body::from("7")).unwrap();
//! let first = service.clone().oneshot(ask()).await.unwrap();
//! assert_eq!(first.status(), 200);
//! let again = service.oneshot(ask()).await.unwrap();
//! assert_eq!(again.headers()["idempotent-replayed"], "true");
//! # });
//! ```
//!
//! The layer stands in front of the whole service. So it differs from `#[idempotent]`, which stands behind the extractors
//! of its handler:
//!
//! - The request's body is read whole, up to [`max_request_bytes`](crate::IdemBuilder::max_request_bytes), before the record
//!   is looked at. A route whose request does not end (a client stream) must be [`Protection::None`].
//! - A request that the service refuses as malformed has run: its 4xx is the operation's answer and is replayed. With
//!   [`NoEffect`](crate::NoEffect) around the rejection (an axum service) nothing is stored, and the same request may run
//!   again; the key stays bound to that request all the same, and a mended one needs another.
//! - Authentication must be a layer outside of this one, so that a caller who is refused meets no record.
//!
//! - While a duplicate waits, and while a request is read, the service's readiness is held: a limit of concurrency further
//!   in counts those as well. Put such limits outside.
//!
//! GET, HEAD, OPTIONS and TRACE pass, whatever the route says. The operation is method and path; the host is no part of it,
//! so a proxy for several hosts says so with [`Route::scope`]. A refusal of another idem further in is passed on and
//! not stored: the record further in decides. Where that idem has not run its handler for this call (still running, say), or
//! has undone all of it (a conflict of transactions), the key is free again. A closure of a route that panics is answered
//! with 500, and nothing has run.
//!
//! A service may have handlers with the attribute on some paths and this layer on others, over one store. Under one `name`
//! the two forms refuse each other's keys, since only the layer counts the method.
//!
//! A service's own error (`Service::Error`) goes to the caller and is never stored: under `on_error = unknown` the record
//! becomes unknown, otherwise the key is free again. A panic is caught and answered with 500. A caller that hangs up does
//! not stop the service's future. What a response means, what is kept of it, and problem documents are as with the attribute.
//!
//! # gRPC
//!
//! A request whose content type is `application/grpc` is answered in gRPC, as with
//! [tonic](https://docs.rs/tonic): `Server::builder().layer(idem.service_layer(…))`. The key is the metadata field
//! `idempotency-key`. The outcome is the status in the response's trailers, or in its header where there is no message:
//!
//! | status of the service | record |
//! |---|---|
//! | `OK`, `INVALID_ARGUMENT`, `NOT_FOUND`, `ALREADY_EXISTS`, `FAILED_PRECONDITION`, `OUT_OF_RANGE`, `UNIMPLEMENTED` | stored, and replayed with its trailers |
//! | `CANCELLED`, `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`, `ABORTED`, `UNAVAILABLE`, `UNAUTHENTICATED` | the key is free again |
//! | `UNKNOWN`, `DEADLINE_EXCEEDED`, `INTERNAL`, `DATA_LOSS`, any other | as `on_error` says |
//!
//! A response that is longer than what is kept, too slow, or breaks off, has an unknown status: it leaves a tombstone, and
//! its operation does not run again. gRPC-Web is another protocol: its layer goes outside of this one.
//!
//! A refusal of idem's own is a status with the problem's code in the metadata field `idempotency-code`:
//!
//! | refusal | status |
//! |---|---|
//! | 400 | `INVALID_ARGUMENT` |
//! | 409 | `ABORTED` |
//! | 413, 429 | `RESOURCE_EXHAUSTED` |
//! | 422 | `FAILED_PRECONDITION` |
//! | 503 | `UNAVAILABLE` |
//! | 500 | `INTERNAL` |
//!
//! (Statuses: [gRPC's list](https://grpc.io/docs/guides/status-codes/).) Only unary calls, and calls that answer one message
//! with a bounded stream, can be replayed.

mod call;
mod grpc;
mod layer;
mod route;

pub use axum_core::body::Body;
pub use layer::{IdempotentService, ServiceLayer};
pub use route::{Protection, Route};

#[cfg(test)]
mod tests;
