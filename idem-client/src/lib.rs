//! An HTTP client that never loses an idempotency key.
//!
//! Every operation gets one key and one frozen request. The client sends it until its outcome is known, and says what
//! it knows: nothing is reported as failed that may have happened.
//!
//! ```
//! use idem_client::{Client, Outcome};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # // A server that fails once, then answers.
//! # let served = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
//! # let app = axum::Router::new().route("/charges", axum::routing::post(move || {
//! #     let n = served.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
//! #     async move {
//! #         if n == 0 { Err(http::StatusCode::SERVICE_UNAVAILABLE) }
//! #         else { Ok((http::StatusCode::CREATED, axum::Json(serde_json::json!({ "id": 1 })))) }
//! #     }
//! # }));
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("http://{}/charges", listener.local_addr()?);
//! # tokio::spawn(async move { axum::serve(listener, app).await });
//! let client = Client::builder().build()?;
//! let outcome = client
//!     .post(url)
//!     .json(&serde_json::json!({ "amount": 1200 }))
//!     .operation(("charge", 17)) // the same key after a restart
//!     .send()
//!     .await?;
//!
//! match outcome {
//!     Outcome::Completed(answer) => assert_eq!(answer.reply().status(), 201),
//!     Outcome::NotSent(open) | Outcome::InProgress(open) | Outcome::Unknown(open) => {
//!         // Later, with the same key:
//!         let outcome = client.resume(open).await;
//!         println!("{}", outcome.ending().name());
//!     }
//!     other => return Err(other.into_result().unwrap_err().into()),
//! }
//! # Ok(()) }
//! ```
//!
//! # What it does
//! - **One key, one body.** The key is minted (`UUIDv7`), [given](RequestBuilder::key) or
//!   [derived](RequestBuilder::operation), and inside an `#[idempotent]` handler
//!   [derived from the running key](key#keys-that-travel); every attempt carries the same key and the same bytes. A
//!   [hook](ClientBuilder::prepare_attempt) may renew credentials, never key or body. No redirect is followed.
//! - **Seven [outcomes](Outcome)**, each with the key, the attempts, the waits and the last reply. What is unresolved
//!   can be [resumed](Client::resume) with the same key.
//! - **Retries by a pure [engine]**: full jitter under a hard cap; `Retry-After` obeyed in full, or the call stops;
//!   deadlines never overslept; an operation in progress is polled on a budget of its own; the server's verdict
//!   (`x-should-retry`, `Idempotent-Replayed`) is obeyed; what has no key is not sent twice.
//! - **Nothing secret is shown.** `Debug`, errors and [`tracing`] events hold neither key nor body; a key appears as a
//!   short hash.
//!
//! # What happens to an answer
//! [`engine::classify`] has the table. Where the server leaves room, the client takes the reading that cannot lose an
//! operation: a 5xx or 429 that ends a call is [`Outcome::Unknown`], never a failure, and a repetition that is turned
//! away with 401, 403, 407 or 421 after a lost attempt is unknown too.
//!
//! # Features
//! None is on by default.
//!
//! | feature | what you get |
//! |---|---|
//! | `http2` | HTTP/2 where the server offers it; refused streams count as undelivered |
//! | `backoff` | `backoff::ExponentialBackoff` as a source of waits; that crate is unmaintained (RUSTSEC-2025-0012) |
//!
//! **https:** switch on the TLS of your choice in `reqwest` itself, which a program shares with this crate:
//! `reqwest = { version = "0.13", features = ["rustls"] }`, or `native-tls`. There is no feature for it here, because two
//! crates of a program that choose differently leave rustls without a provider, and it then panics. Proxies and
//! compression go the same way, or through a [`reqwest::ClientBuilder`] passed to [`ClientBuilder::reqwest`].
//!
//! # Tracing
//! A span `idem.operation` (`http.request.method`, `server.address`, `url.path`, `idem.key`, `idem.outcome`) for each
//! operation, and in it a span `idem.attempt` (`http.request.resend_count`, `http.response.status_code`, `error.type`)
//! for each request sent. Operations without a final answer are warnings.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "backoff")]
pub mod backoff;
pub mod client;
pub mod engine;
pub mod error;
pub mod key;
pub mod outcome;
pub mod request;

pub use client::{AttemptContext, BoxError, Client, ClientBuilder};
pub use engine::{DelaySource, Policy, Rejection};
pub use error::{BuildError, Error};
#[doc(no_inline)]
pub use idem_core::{IdempotencyKey, InvalidKey, KeyPart};
pub use outcome::{Answered, Expired, Outcome, Rejected, Reply, Unresolved};
pub use request::{Operation, RequestBuilder};
#[doc(no_inline)]
pub use reqwest;
