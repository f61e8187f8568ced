//! Where an operation's key comes from, and how it travels.
//!
//! By default every operation gets a fresh `UUIDv7`: it is unique, and it tells its age, which a server may use to
//! refuse a key that is older than its records. A key [derived](derive()) from the operation's name and stable parts
//! is the same after a restart, on another machine, and whenever the user asks again.
//!
//! Inside an `#[idempotent]` handler the default is another: see [keys that travel](#keys-that-travel).
//!
//! ```
//! use idem_client::key::derive;
//!
//! let order_id = 17;
//! let key = derive(&("charge", order_id))?;
//! assert_eq!(key, derive(&("charge", "17"))?);
//! assert_ne!(key, derive(&("refund", order_id))?);
//! # Ok::<(), idem_client::BuildError>(())
//! ```
//!
//! # Keys that travel
//!
//! A handler that runs again must repeat its calls with the keys that it used before. So inside an `#[idempotent]`
//! handler the key of every operation is [derived](idem_core::Current::derive) from the running key and the call's
//! [name](crate::RequestBuilder::name); there is nothing to wire.
//!
//! ```
//! use idem_client::Client;
//! # use idem_core::{Idem, Refused, Scope, idempotent, store::memory::MemoryStore};
//! # #[derive(Debug)] struct CheckoutError;
//! # impl From<Refused> for CheckoutError { fn from(_: Refused) -> Self { Self } }
//! # impl From<idem_client::Error> for CheckoutError { fn from(_: idem_client::Error) -> Self { Self } }
//!
//! #[idempotent(with = idem, key = order, name = "checkout")]
//! async fn checkout(idem: &Idem, client: Client, api: &str, order: u64) -> Result<(), CheckoutError> {
//!     let charge = client.post(format!("{api}/charges")).name("charge").json(&1200);
//!     let label = client.post(format!("{api}/labels")).name(("label", order)).json(&order);
//!     for call in [charge, label] {
//!         if !call.send().await?.is_completed() {
//!             return Err(CheckoutError); // the key is freed; a re-run asks with the same keys
//!         }
//!     }
//!     Ok(())
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let keys = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
//! # let seen = keys.clone();
//! # let app = axum::Router::new().fallback(move |headers: http::HeaderMap| async move {
//! #     let mut seen = seen.lock().unwrap();
//! #     seen.push(headers["idempotency-key"].clone());
//! #     if seen.len() == 2 { http::StatusCode::FORBIDDEN } else { http::StatusCode::CREATED }
//! # });
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let api = format!("http://{}", listener.local_addr()?);
//! # tokio::spawn(async move { axum::serve(listener, app).await });
//! # let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
//! # let client = Client::builder().build()?;
//! # assert!(checkout(&idem, client.clone(), &api, 17).await.is_err());
//! # assert!(checkout(&idem, client, &api, 17).await.is_ok());
//! # let keys = keys.lock().unwrap();
//! # assert_eq!((keys.len(), &keys[..2]), (4, &keys[2..]));
//! # Ok(()) }
//! ```
//!
//! - The key is settled where [`build`](crate::RequestBuilder::build) or [`send`](crate::RequestBuilder::send) is
//!   called, in the task that calls it; the future may then be polled anywhere. [`tokio::spawn`] leaves the handler:
//!   use [`idem_core::spawn`].
//! - A call without a name is named by its method and its URL without query, fragment and credentials. Name calls
//!   whose URL may be another one in a re-run, and calls of which one run makes several: the second call of one name
//!   is refused, as [`BuildError::NameTaken`](crate::BuildError::NameTaken). A name stays taken when its call is
//!   cancelled or fails; sending the same [`Operation`](crate::Operation) or [resuming](crate::Client::resume) it is
//!   no second call.
//! - A re-run must say the same under a key: a body with the time of day in it is refused as a key mismatch.
//! - What the request says itself goes first: [`key`](crate::RequestBuilder::key),
//!   [`operation`](crate::RequestBuilder::operation), [`no_key`](crate::RequestBuilder::no_key) and
//!   [`fresh_key`](crate::RequestBuilder::fresh_key), and methods without effect get no key.
//! - Handler and client must be linked to one version of `idem-core`: another one does not see the handler.

mod derived;
mod digest;
mod header;
mod source;

pub use derived::derive;
pub use header::{KeyForm, KeyHeader};
#[doc(no_inline)]
pub use idem_core::key::{InvalidName, OperationName, OperationParts};

pub(crate) use digest::digest;
pub(crate) use source::KeySource;
