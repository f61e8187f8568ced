//! `#[idempotent]` on axum handlers.
//!
//! ```
//! use axum::{Json, Router, http::StatusCode, routing::post};
//! use idem_core::{Idem, Scope, idempotent, store::memory::MemoryStore};
//! use serde_json::{Value, json};
//!
//! #[idempotent] // the key: the Idempotency-Key header
//! async fn create_payment(Json(new): Json<Value>) -> (StatusCode, Json<Value>) {
//!     (StatusCode::CREATED, Json(json!({ "charged": new["amount"] })))
//! }
//!
//! let idem = Idem::builder(MemoryStore::new())
//!     .scope(Scope::header("x-account")) // set by your gateway, never by the caller
//!     .build();
//! let app: Router = Router::new().route("/payments", post(create_payment)).layer(idem.layer());
//! # drop(app);
//! ```
//!
//! The [layer](IdemLayer) puts the engine into the request's extensions and wraps the body in one that hashes chunks
//! as the extractors read them. The attribute adds one leading extractor to the signature. So authentication and
//! validation have run before any record is looked at, key and scope are expressions over the arguments, and a replay
//! never enters the function's body.
//!
//! Layers outside (compression, CORS, request ids) act on a replay as on a first answer. A caller
//! that hangs up does not stop the handler, and its retry gets the answer: the handler is polled in its caller's place, so
//! that the span and the task-locals of a middleware hold, and moves to a task of its own when the caller leaves. There it
//! keeps the span; task-locals are gone, so read them before the first `await`, or take an extension instead.
//!
//! A response is read whole before it leaves, trailers included: nothing is promised that is not recorded. One that is
//! longer than [`max_response_bytes`](crate::IdemBuilder::max_response_bytes), or does not end within
//! [`max_response_time`](crate::IdemBuilder::max_response_time), passes through and leaves a tombstone, so that a repetition
//! gets `result-unavailable`. So does one that breaks off, or is not as long as its Content-Length says. A
//! `text/event-stream` and an upgrade to another protocol (1xx) pass through at once and do the same. Extensions of a
//! response are not kept.
//!
//! No claim is held while a request is read: the rest of a body that no extractor has read is read before the record is
//! looked at, up to [`max_request_bytes`](crate::IdemBuilder::max_request_bytes). How long an upload may take is for the server
//! or a layer outside to say, as for any other handler.

mod body;
mod captured;
mod class;
mod context;
mod form;
mod former;
mod head;
mod layer;
mod op;
mod outlive;
mod path;
mod request_body;
mod response_body;
mod run;
pub mod service;
#[cfg(feature = "_tx")]
mod tx;
mod written_down;

pub use layer::{IdemLayer, IdemService};

#[doc(hidden)]
pub use axum_core::response::Response;
#[doc(hidden)]
pub use body::WholeBody;
#[doc(hidden)]
pub use class::{Says, SaysClass, SaysNothing, marked, says};
#[doc(hidden)]
pub use context::Context;
#[doc(hidden)]
pub use op::{AxumOperation, respond};
#[cfg(feature = "_tx")]
#[doc(hidden)]
pub use tx::{Said, boxed, made};

use axum_core::body::Body;
use axum_core::response::IntoResponse;

use crate::idem::Idem;
use crate::outcome::{Ambiguous, Class, ErrorClass, Final, NoEffect};
use crate::refused::Refused;
use crate::response::{Problem, Profile};

impl<S: ?Sized> Idem<S> {
    /// The layer that `#[idempotent]` handlers need, for [`Router::layer`](axum::Router::layer). One without handlers
    /// below it costs a pointer per request.
    #[must_use]
    pub fn layer(&self) -> IdemLayer {
        IdemLayer::new(self.engine.clone())
    }
}

/// As the problem document of the default profile.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        problem(&self, Profile::default())
    }
}

pub(crate) fn problem(refused: &Refused, profile: Profile) -> Response {
    let mut response = Problem::new(refused, profile).into_response().map(Body::from);
    response.extensions_mut().insert(Refusal(refused.clone()));
    response
}

/// The mark of a response that is a refusal of idem's own: a form may say it in another language.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(pub(crate) Refused);

/// The mark of an answer before which no handler ran in this call: a layer around must not take it for the operation's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotRun;

/// The answer to a call that was not begun.
pub(crate) fn not_run(refused: &Refused, profile: Profile) -> Response {
    let mut response = problem(refused, profile);
    response.extensions_mut().insert(NotRun);
    response
}

/// What a response means whose status does not say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Classed(pub(crate) Class);

/// The mark of a response that `store_if` does not want stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unwanted;

/// The mark that a handler puts on its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marked(pub(crate) ErrorClass);

macro_rules! marked_responses {
    ($($marker:ident)*) => {$(
        impl<E: IntoResponse> IntoResponse for $marker<E> {
            fn into_response(self) -> Response {
                let mut response = self.0.into_response();
                response.extensions_mut().insert(Marked(ErrorClass::$marker));
                response
            }
        }
    )*};
}
marked_responses!(Final Ambiguous NoEffect);
