//! idem makes operations safe to repeat: **one key, one effect, one answer**, under retries, concurrent duplicates,
//! crashes, slow owners and lost replies.
//!
//! Write [`#[idempotent]`](macro@idempotent) over a handler, put [`Idem`] with a [store](crate::store) into the router,
//! and a retried, duplicated or crashed request can no longer charge a card twice. The example needs the features
//! `axum` and `sqlite`:
//!
#![cfg_attr(all(feature = "axum", feature = "sqlite", feature = "macros"), doc = "```no_run")]
#![cfg_attr(not(all(feature = "axum", feature = "sqlite", feature = "macros")), doc = "```ignore")]
//! use axum::{Json, Router, http::StatusCode, routing::post};
//! use idem_core::{Idem, Scope, idempotent, store::sqlite::SqliteStore};
//! use serde_json::{Value, json};
//!
//! #[idempotent] // the key: the Idempotency-Key header
//! async fn create_payment(Json(new): Json<Value>) -> (StatusCode, Json<Value>) {
//!     (StatusCode::CREATED, Json(json!({ "charged": new["amount"] })))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let idem = Idem::builder(SqliteStore::open("idem.db").await?)
//!         .scope(Scope::header("x-account")) // set by your gateway, never by the caller
//!         .build();
//!     let app = Router::new().route("/payments", post(create_payment)).layer(idem.layer());
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! # What is guaranteed
//!
//! | | plain handler |
//! |---|---|
//! | 2xx, 3xx, 4xx | stored; every further call gets it byte for byte |
//! | 401 403 407 408 421 425 429 | the key is freed: these describe the moment, not the operation |
//! | 5xx, `Err` | the key is freed: the handler says "try again" ([`OnError`]; [`Ambiguous`], [`NoEffect`], [`Final`] mark one error) |
//! | panic, process death | `outcome-unknown` until a [verify hook](crate::verify) finds out or an [operator](crate::operator) settles it ([`AfterCrash`]) |
//! | caller hangs up | an axum handler runs on in its own task, and the retry gets the answer |
//! | store away at the claim | 503, not run |
//! | store away at the completion | the answer is held back and the write repeated; then 503 `outcome-unknown` |
//! | a slow owner wakes after its lease | it writes nothing; its caller gets the winner's answer |
//!
//! What is **not** guaranteed: idem cannot look into a foreign service. A plain handler that dies between charging a
//! card and returning leaves an unknown outcome, and idem says so instead of guessing; a [verify hook](crate::verify) can
//! ask the bank. A handler declared `after_crash = rerun` may run again after a crash. Keys are remembered for the
//! [`ttl`](Builder::ttl) (24 h by default); a later retry is a new operation.
//!
//! # Features
//!
//! | feature | default | what you get |
//! |---|---|---|
//! | `macros` | yes | [`#[idempotent]`](macro@idempotent) |
//! | `axum` | | the attribute on axum 0.8 handlers, and [`Idem::layer`](Idem) |
//! | `sqlite` | | `SqliteStore`: records in a file that several processes share |
//! | `uuid` | | `uuid::Uuid` as a [`KeyPart`] |
//! | `testing` | | the conformance suite for stores of your own |
//! | `full` | | all of these |

#![cfg_attr(
    not(feature = "axum"),
    allow(dead_code, unused_imports, reason = "the HTTP half is one piece; only the axum form calls it")
)]

pub mod address;
#[cfg(feature = "axum")]
pub mod axum;
mod engine;
pub mod fingerprint;
pub mod http;
mod idem;
pub mod key;
mod label;
pub mod operator;
pub mod outcome;
pub mod plain;
mod policy;
pub mod protocol;
mod refused;
mod reply;
mod scope;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
#[cfg(all(feature = "redis", any(feature = "tls-ring", feature = "tls-aws-lc-rs")))]
mod tls;
pub mod verify;

#[doc(hidden)]
pub mod __private;

#[doc(inline)]
pub use address::Address;
#[doc(inline)]
pub use fingerprint::Fingerprint;
pub use idem::{Builder, Drained, Idem, NoScope};
#[doc(inline)]
pub use key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart};
pub use label::{KeyHint, Label};
#[doc(inline)]
pub use outcome::{Ambiguous, Classify, ErrorClass, Final, NoEffect};
pub use policy::OnError;
#[doc(inline)]
pub use protocol::AfterCrash;
pub use refused::{Refused, Unavailable};
pub use reply::Reply;
pub use scope::Scope;

/// Makes an async function safe to repeat.
///
/// # On an axum handler
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use axum::{Json, http::StatusCode};
/// use idem_core::idempotent;
/// # use serde_json::Value;
/// # #[derive(serde::Deserialize)] struct Event { id: String }
///
/// #[idempotent] // key: the Idempotency-Key header; operation: method and path; scope: the builder's
/// async fn create_payment(Json(new): Json<Value>) -> (StatusCode, Json<Value>) {
///     (StatusCode::CREATED, Json(new))
/// }
///
/// #[idempotent(key = event.id, name = "stripe-events")] // a webhook: the key is in the payload
/// async fn on_stripe_event(Json(event): Json<Event>) -> StatusCode {
///     StatusCode::OK
/// }
/// # fn main() {
/// # let _: axum::Router = axum::Router::new().route("/a", axum::routing::post(create_payment)).route("/b", axum::routing::post(on_stripe_event));
/// # }
/// ```
///
/// The router needs [`Idem::layer`](Idem); without it the handler answers 500 and never runs. Every extractor works,
/// and has run before a record is looked at. The body runs in a task of its own. `GET`, `HEAD`, `OPTIONS` and `TRACE`
/// pass through. A handler that streams its request body itself names a `fingerprint`.
///
/// Write it **above** `#[debug_handler]` and other attributes that read the signature. Called directly, the function
/// has one more leading parameter and returns a `Response`.
///
/// # On any other async function
///
/// With `with = …`, see [`plain`]. `key` and `name` are then mandatory. Without `scope`, all callers of
/// the function share one set of keys.
///
/// ```
/// use idem_core::{Idem, Refused, idempotent};
///
/// struct Ledger { idem: Idem }
///
/// impl Ledger {
///     #[idempotent(with = self.idem, key = (account, order), name = "settle", ttl = "7d")]
///     async fn settle(&self, account: u64, order: &str) -> Result<u64, Refused> {
///         Ok(account)
///     }
/// }
/// # fn main() {}
/// ```
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `key = expr` | the key, from the arguments: text, integers, tuples of them ([`KeyPart`]). Write `&event.id` if the body needs it afterwards |
/// | `scope = expr` | who the key belongs to; never a credential |
/// | `name = "…"` | the operation, instead of method and path. Records are found by it: keep it when the code moves |
/// | `fingerprint = expr` | what the request says, instead of query, content type and body: anything `Serialize`, such as [`CanonicalJson`](crate::fingerprint::CanonicalJson) |
/// | `ttl`, `lease`, `max_run = "24h"` | as on the [`Builder`]; `ms`, `s`, `m`, `h`, `d` |
/// | `wait = "5s"` | how long a duplicate waits for the running one instead of getting `request-in-progress` |
/// | `optional` | a request without a key runs unprotected |
/// | `on_error = release \| store \| unknown` | see [`OnError`] |
/// | `after_crash = unknown \| rerun` | see [`AfterCrash`] |
/// | `store_if = predicate` | a response (or `Result`) for which it is false frees the key |
/// | `with = expr` | the [`Idem`], for functions that are not axum handlers |
/// | `detach` | such a function runs in a task of its own, and needs owned `Send + 'static` arguments |
/// | `crate = ::path` | where idem-core is, if it was renamed |
#[cfg(feature = "macros")]
pub use idem_macros::idempotent;
