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
//! use idem_core::{Drained, Idem, Scope, idempotent, store::sqlite::SqliteStore};
//! use serde_json::{Value, json};
//! use std::time::Duration;
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
//!     let stop = async { drop(tokio::signal::ctrl_c().await) };
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).with_graceful_shutdown(stop).await?;
//!     // Without this, the end of the process leaves the outcome of what still runs unknown.
//!     if let Drained::Abandoned(running) = idem.drain(Duration::from_secs(30)).await {
//!         eprintln!("{running} operations did not end in time");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # What is guaranteed
//!
//! | | plain handler | handler with [`#[tx]`](macro@idempotent#in-a-transaction) |
//! |---|---|---|
//! | 2xx, 3xx, `Ok` | stored; every further call gets it byte for byte | effects and record commit together |
//! | 4xx | stored, as above | effects rolled back, the record alone is kept (`commit_on` says otherwise) |
//! | 307 308 401 403 407 408 412 421 425 428 429 | the key is freed: these describe the address, the moment or a header field, not the operation | rolled back, nothing kept |
//! | 5xx, `Err` | the key is freed: the handler says "try again" ([`OnError`]; [`Ambiguous`], [`NoEffect`], [`Final`] mark one error) | rolled back, nothing kept |
//! | panic, process death | `outcome-unknown` until a [verify hook](crate::verify) finds out or an [operator](crate::operator) settles it ([`AfterCrash`]) | rolled back; the next call runs |
//! | caller hangs up | an axum handler runs on, in a task of its own, and the retry gets the answer | the same |
//! | store away at the claim | 503, not run | 503, not run |
//! | store away at the completion | the answer is held back and the write repeated; then 503 `outcome-unknown` | rolled back, or the record tells whether the lost `COMMIT` happened |
//! | the database undoes it for another's sake | | 503 `transaction-conflict`, nothing kept; or the handler runs again (`tx_retries`) |
//! | a slow owner wakes after its lease | it writes nothing; its caller gets the winner's answer | it holds its record until it ends: no other attempt runs |
//!
//! What is **not** guaranteed: idem cannot look into a foreign service. A plain handler that dies between charging a
//! card and returning leaves an unknown outcome, and idem says so instead of guessing; a [verify hook](crate::verify) can
//! ask the bank. A handler declared `after_crash = rerun` may run again after a crash. Keys are remembered for the
//! [`ttl`](IdemBuilder::ttl) (24 h by default); a later retry is a new operation.
//!
//! # Keys that travel
//!
//! A handler finds its operation by [`current()`], and derives from it the keys of the calls that it makes to other
//! services: a re-run repeats the same keys. `idem-client` does so by itself. See [`current`](mod@current).
//!
//! # Features
//!
//! | feature | default | what you get |
//! |---|---|---|
//! | `macros` | yes | [`#[idempotent]`](macro@idempotent) |
//! | `axum` | | the attribute on axum 0.8 handlers, and [`Idem::layer`](Idem) |
//! | `tower` | | `Idem::service_layer`: any HTTP service, gRPC included, without the attribute |
//! | `sqlite` | | `SqliteStore`: records in a file that several processes share |
//! | `sqlite-tx` | | `#[tx]` handlers on SQLite, by sqlx's transactions on the file of the `SqliteStore` |
//! | `postgres` | | `PostgresStore`: records in a PostgreSQL database, and `#[tx]` handlers |
//! | `mysql` | | `MySqlStore`: records in a MySQL or MariaDB database, and `#[tx]` handlers |
//! | `mysql-rsa` | | passwords for MySQL's `caching_sha2_password` without TLS. Brings the crate rsa (RUSTSEC-2023-0071): prefer TLS |
//! | `redis` | | `RedisStore`: records in Redis or Valkey, one server or a cluster |
//! | `tls-ring`, `tls-aws-lc-rs` | | TLS to the databases, by rustls with that provider and the system's root certificates |
//! | `uuid` | | `uuid::Uuid` as a [`KeyPart`] |
//! | `metrics` | | [what can be counted](observe), by the facade crate `metrics` |
//! | `full` | | all of these but `mysql-rsa` and TLS |
//! | `fault-points` | | for tests: [points](fault) at which a process can be made to die, stand still or panic |

#![cfg_attr(docsrs, feature(doc_cfg), doc(auto_cfg(hide(feature = "_tx"))))]
pub mod address;
pub mod clock;
pub mod current;
mod debug;
mod engine;
pub mod fault;
pub mod fingerprint;
mod form;
pub mod guarantees;
#[cfg(feature = "tower")]
pub mod handler;
mod idem;
pub mod key;
mod label;
pub mod observe;
pub mod operator;
pub mod outcome;
pub mod plain;
mod policy;
pub mod protocol;
mod refused;
mod reply;
pub mod response;
mod scope;
pub mod store;
#[cfg(all(feature = "redis", any(feature = "tls-ring", feature = "tls-aws-lc-rs")))]
mod tls;
#[cfg(feature = "_tx")]
#[cfg_attr(docsrs, doc(cfg(any(feature = "postgres", feature = "mysql", feature = "sqlite-tx"))))]
pub mod tx;
pub mod verify;

#[doc(hidden)]
pub mod __private;

#[doc(inline)]
pub use address::Address;
#[doc(inline)]
pub use current::{Current, current, spawn};
#[doc(inline)]
pub use fingerprint::Fingerprint;
#[cfg(feature = "tower")]
#[doc(inline)]
pub use handler::service;
pub use idem::{Drained, Idem, IdemBuilder, NoScope, SetScope};
#[doc(inline)]
pub use key::{IdempotencyKey, InvalidKey, KeyBuf, KeyPart, OperationName};
pub use label::{KeyHint, Label};
#[doc(inline)]
pub use outcome::{Ambiguous, Classify, ErrorClass, Final, NoEffect};
pub use policy::OnError;
#[doc(inline)]
pub use protocol::AfterCrash;
pub use refused::{Refused, UnavailableResult};
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
/// # use std::sync::atomic::{AtomicU32, Ordering};
/// # static RUNS: AtomicU32 = AtomicU32::new(0);
/// # async fn handle(_: Event) -> StatusCode {
/// #     // The first run fails.
/// #     if RUNS.fetch_add(1, Ordering::SeqCst) == 0 { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
/// # }
///
/// #[idempotent] // key: the Idempotency-Key header; operation: method and path; scope: the builder's
/// async fn create_payment(Json(new): Json<Value>) -> (StatusCode, Json<Value>) {
///     (StatusCode::CREATED, Json(new))
/// }
///
/// // A webhook: the key is in the payload. What else differs between two deliveries does not count.
/// #[idempotent(key = event.id, name = "stripe-events")]
/// async fn on_stripe_event(Json(event): Json<Event>) -> StatusCode {
///     handle(event).await
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # use axum::{Router, body::Body, http::Request, routing::post};
/// # use idem_core::{Idem, Scope, store::memory::MemoryStore};
/// # use tower::ServiceExt;
/// # let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build();
/// # let app = Router::new().route("/a", post(create_payment)).route("/b", post(on_stripe_event)).layer(idem.layer());
/// # let deliver = async |attempt: u32| {
/// #     let body = format!(r#"{{"id":"evt_1","attempt":{attempt}}}"#);
/// #     let request = Request::post("/b").header("content-type", "application/json").body(Body::from(body)).unwrap();
/// #     app.clone().oneshot(request).await.unwrap()
/// # };
/// # assert_eq!(deliver(1).await.status(), StatusCode::BAD_GATEWAY);
/// # assert_eq!(deliver(2).await.status(), StatusCode::OK); // after a failure it runs again
/// # let third = deliver(3).await; // after a success it is answered
/// # assert_eq!((third.status(), third.headers().contains_key("idempotent-replayed")), (StatusCode::OK, true));
/// # assert_eq!(RUNS.load(Ordering::SeqCst), 2);
/// # }
/// ```
///
/// The router needs [`Idem::layer`](Idem); without it the handler answers 500 and never runs. Every extractor works,
/// and has run before a record is looked at. The body goes on in a task of its own when
/// its caller hangs up. `GET`, `HEAD`, `OPTIONS` and `TRACE`
/// pass through. A handler that streams its request body itself names a `fingerprint` or a `key`.
///
/// Write it **above** `#[debug_handler]` and other attributes that read the signature. Called directly, the function
/// has one more leading parameter and returns a `Response`.
///
/// The path of a request is taken in one canonical form: spellings for which the router hands out equal arguments
/// (`/a/inv%3A7` and `/a/inv:7`) are one operation. A literal route that is also reached through another route's
/// parameter, by an escape (`/pay` beside `/{id}` with `/%70ay`), counts as the same path: give the two handlers
/// different `name`s.
///
/// ## What a request says
///
/// The same key with another fingerprint is refused as `idempotency-key-reused`. The fingerprint covers
///
/// | the key is | what counts |
/// |---|---|
/// | the header | query, content type without parameters, content encoding, every byte of the body |
/// | `key = expr` | the query. The key is what the payload says: a webhook that is delivered again with another attempt counter is the same operation, and its body is neither hashed nor limited |
/// | either, with `fingerprint = expr` | the value of `expr` instead of these |
///
/// and in every case the path, as a part of the operation or, under a `name`, of the fingerprint; and the header fields
/// in `fingerprint_headers`.
///
/// ## What a name must be
///
/// Records are found by it. It is unique among the functions that share an [`Idem`], and stays when code moves. Two
/// functions of one program with one name are refused from the moment that both were called, as
/// [`NameShared`](Refused::NameShared) and with both places in the log. One function on several routes, called from
/// several places or with several type parameters, is one. The check sees one process: keep names unique among all
/// services that share store and namespace.
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
/// # In a transaction
///
/// `#[tx]` on one argument hands the body a transaction of the store's own database. What it does there and the record
/// of its answer commit together, or neither does, also when a process dies in between. Its type says which database:
/// `&mut PgTx<'_>`, `&mut MySqlTx<'_>` or `&mut SqliteTx<'_>` (of `idem_core::tx`), or sqlx's `Transaction` itself.
///
#[cfg_attr(all(feature = "axum", feature = "postgres"), doc = "```")]
#[cfg_attr(not(all(feature = "axum", feature = "postgres")), doc = "```ignore")]
/// use axum::{Json, http::StatusCode, response::{IntoResponse, Response}};
/// use idem_core::{Idem, Refused, idempotent, store::postgres::PostgresStore, tx::PgTx};
///
/// #[derive(Debug, thiserror::Error)]
/// enum PayError {
///     #[error(transparent)]
///     Database(#[from] sqlx::Error),
///     #[error(transparent)]
///     Refused(#[from] Refused),
/// }
/// # impl IntoResponse for PayError {
/// #     fn into_response(self) -> Response { StatusCode::INTERNAL_SERVER_ERROR.into_response() }
/// # }
///
/// #[idempotent(isolation = serializable, tx_retries = 3)] // a handler: the layer's store must be a PostgresStore
/// async fn create_payment(#[tx] tx: &mut PgTx<'_>, Json(amount): Json<i64>) -> Result<StatusCode, PayError> {
///     sqlx::query("INSERT INTO payment VALUES ($1)").bind(amount).execute(&mut **tx).await?; // `&mut **tx`, as sqlx wants
///     Ok(StatusCode::CREATED)
/// }
///
/// struct Ledger { idem: Idem<PostgresStore> } // the store's type is kept: an erased `Idem` may be in any store
///
/// impl Ledger {
///     #[idempotent(with = self.idem, key = order, name = "settle")]
///     async fn settle(&self, order: i64, #[tx] tx: &mut PgTx<'_>) -> Result<i64, PayError> {
///         Ok(sqlx::query_scalar("SELECT sum(amount) FROM payment").fetch_one(&mut **tx).await?)
///     }
/// }
/// # fn main() {
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::post(create_payment));
/// # }
/// ```
///
/// - 2xx, 3xx (but for 307 and 308) and `Ok` commit. A 4xx, or an error that is stored, is rolled back and its record kept alone. Everything
///   else is rolled back and nothing is kept. `commit_on` decides for what is stored.
/// - A request without a key, where that is allowed (`optional`, `GET`), gets a transaction and leaves no record.
/// - The body cannot commit or roll back itself; savepoints (`tx.begin()`) and helpers that take
///   `&mut PgConnection` work. A `COMMIT` as text, or a statement with which MySQL commits on its own, is noticed, and
///   answered with `outcome-unknown`.
/// - A conflict (PostgreSQL 40001 and 40P01, MySQL 1213 and 1205) is answered with 503 `transaction-conflict`, or
///   makes the body run again, up to `tx_retries` times, with clones of the arguments. It is found in the error and its
///   sources, in `Result<impl IntoResponse, E>` too; an error that implements
///   `MayConflict` says it itself; one that is neither is taken as it is, and does not compile with `tx_retries`. What only the
///   commit meets is always seen. A conflict was undone, so it counts more than an error's `Final`. Effects outside the database are repeated: mark what leaves them in doubt with
///   [`Ambiguous`], which is never run again.
/// - In an axum handler, the store of the layer is looked at when the handler is called: 500 `store-cannot-couple`
///   before anything runs. A `State<App>` whose `App` implements `HasStore` makes that a compile error.
///
/// # The function that comes out
///
/// It takes, does and drops what was written, in the same order, and rustdoc shows it as it was written, without the
/// transaction, which no caller passes. What is not the same:
///
/// - **A handler's arguments and body are `Send + 'static`**, as axum asks for anyway: the body may outlive its caller,
///   with all that its arguments hold, bound by a pattern or not. What middleware has set for the request (its span, its
///   task-locals) holds until the caller leaves; then the span does, and task-locals are gone. The body of a plain function
///   may borrow and need not be `Send`.
/// - **A handler that panics** answers 500. A plain function panics on, once its record says so.
/// - **`-> impl Trait`** promises what it promises without the attribute, and the response is made of that.
/// - **Methods and traits.** Write it on each method: of an `impl`, of an `impl Trait for T`, on a default method of a trait.
///   The trait's own `async fn f(…);` is left as it is, and `#[async_trait]` is not needed. Functions and `impl`s may be
///   generic: all types that stand for a parameter share the records of the one `name`, so a type that makes another
///   operation belongs into the key. A type parameter as the error is bounded by [`Classify`], since a class in its place
///   would be lost: that is a compile error, but for a parameter of the `impl` around that is bounded by `Unpin` or stands in a
///   `Box` or the like. There [`Ambiguous`], [`NoEffect`] and [`Final`] are still seen, and a class of your own is not.
/// - **Key, scope and fingerprint** are taken before the body begins, from borrowed arguments: a part of a pattern with `..`
///   or `_` is a copy where its type is `Copy`, and else a reference. One that is the same for every call (literals, and
///   what is made of literals alone: `1 + 1`, `format!("x")`, as far as names tell) does not compile; a constant with a name
///   does. In a handler `?` cannot stand in them.
/// - **An attribute below** sees the emitted function: patterns that leave a part out have become names, and a handler has a
///   leading parameter and answers with a `Response`, so that `#[instrument(err)]` goes above.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `key = expr` | the key, from the arguments: text, integers, tuples of them ([`KeyPart`]). A place such as `event.id`, alone or in a tuple, is borrowed; what takes an argument by value takes it from the body |
/// | `scope = expr` | who the key belongs to; never a credential |
/// | `name = "…"` | the operation, instead of method and path: [unique](#what-a-name-must-be), and kept when the code moves. The path then counts in the [fingerprint](#what-a-request-says) |
/// | `fingerprint = expr` | what the request says, instead of query, content type, content encoding and body: anything `Serialize`, such as [`CanonicalJson`](crate::fingerprint::CanonicalJson) |
/// | `fingerprint_headers = ["x-dry-run"]` | header fields that change what the request means, besides all that counts anyway. Names in lower case. A field that changes from attempt to attempt (`date`, `traceparent`, `authorization`) would make each retry another request. Not with `with` |
/// | `ttl`, `lease`, `max_run = "24h"` | as on the [`IdemBuilder`]; `ms`, `s`, `m`, `h`, `d` |
/// | `wait = "5s"` | how long a duplicate waits for the running one instead of getting `request-in-progress` |
/// | `optional` | a request without a key runs unprotected |
/// | `on_error = release \| store \| unknown` | see [`OnError`] |
/// | `after_crash = unknown \| rerun` | see [`AfterCrash`] |
/// | `store_if = predicate` | a response (or `Result`) for which it is false frees the key, unless a mark or a [class](Classify) says otherwise |
/// | `isolation = read_committed \| repeatable_read \| serializable` | of the transaction; default: the connection's |
/// | `tx_retries = 3` | how often a body that met a conflict may run again, 1 to 100; its arguments are `Clone`, its `self` is `&self` |
/// | `commit_on = predicate` | which stored responses (or `Result`s) commit their effects |
/// | `with = expr` | the [`Idem`], for functions that are not axum handlers |
/// | `detach` | such a function runs in a task of its own, and needs owned `Send + 'static` arguments |
/// | `crate = ::path` | where idem-core is, if it was renamed |
#[cfg(feature = "macros")]
pub use idem_macros::idempotent;
