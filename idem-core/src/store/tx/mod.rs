//! What a database must be able to do for an operation whose effects and record commit together.
//!
//! [`TxBackend`] is implemented once for each database, beside its store. The engine runs a [`TxConnection`] through
//! begin, claim, complete and COMMIT; the statements are the backend's.

mod backend;
mod backends;
mod connection;
mod fault;
mod isolation;
mod outcome;
mod permit;
mod store;

#[cfg(feature = "postgres")]
pub(crate) use backend::BeginClaiming;
pub(crate) use backend::TxBackend;
pub use backends::TxBackends;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use connection::Cancel;
pub(crate) use connection::TxConnection;
pub(crate) use fault::{CommitFault, TxFault};
pub use isolation::Isolation;
pub(crate) use outcome::{Begin, Claimed, Completed, HeldRow, Left, Rivals};
pub(crate) use permit::CommitPermit;
pub use store::{Sealed, TxStore};
