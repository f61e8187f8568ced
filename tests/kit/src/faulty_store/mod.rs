//! A store that fails when a test says so.
//!
//! [`FaultyStore`] is a [`Store`](idem_core::store::Store) around any other. A test commands it: the next calls are
//! refused, lose their reply, wait or panic; or every call does until [`FaultyStore::mend`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use idem_core::store::memory::MemoryStore;
//! use idem_core::{Idem, Refused, Scope, idempotent};
//! use idem_testing::faulty_store::{Calls, FaultyStore, StoreFault};
//!
//! #[idempotent(with = idem, key = order, name = "charge")]
//! async fn charge(idem: &Idem, order: u64) -> Result<u32, Refused> {
//!     Ok(42)
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let store = Arc::new(FaultyStore::new(MemoryStore::new()));
//! let idem = Idem::builder(Arc::clone(&store)).scope(Scope::public()).build().erase();
//!
//! // The store is away: nothing runs.
//! store.always(Calls::ALL, StoreFault::Refuse);
//! assert!(matches!(charge(&idem, 17).await, Err(Refused::StoreUnavailable { .. })));
//! store.mend();
//!
//! // A slow store: the call waits in it until the test lets it go on.
//! store.next(Calls::CLAIM, 1, StoreFault::Hold);
//! let call = tokio::spawn({ let idem = idem.clone(); async move { charge(&idem, 17).await } });
//! store.until_held(1).await;
//! store.release_held();
//! assert_eq!(call.await.unwrap(), Ok(42));
//! # });
//! ```
//!
//! # What it does not do
//! A handler with `#[tx]` writes its record in a transaction of its own, and not through the store: to such a handler a
//! `FaultyStore` is a store without transactions. Break its connection with the module `proxy` instead.

mod calls;
mod fault;
mod forward;
mod state;
mod store;
#[cfg(test)]
mod tests;

pub use calls::Calls;
pub use fault::StoreFault;
pub use store::FaultyStore;
