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

pub(crate) use backend::{BeginClaiming, TxBackend};
pub use backends::TxBackends;
pub(crate) use connection::{Cancel, TxConnection};
pub(crate) use fault::{CommitFault, TxFault};
pub use isolation::Isolation;
pub(crate) use outcome::{Begin, Claimed, Completed, HeldRow, Left, Rivals};
pub(crate) use permit::CommitPermit;
pub use store::{Sealed, TxStore};
