//! Effects and record in one commit: `#[tx]` handlers.

mod again;
mod conflict;
mod database;
mod isolation;
mod plain;
mod spec;
mod state;
mod transaction;

pub use conflict::{MayConflict, is_conflict};
#[cfg(feature = "mysql")]
pub use database::MySqlTx;
#[cfg(feature = "postgres")]
pub use database::PgTx;
#[cfg(feature = "sqlite-tx")]
pub use database::SqliteTx;
pub use database::{Carries, HasStore, HasTx, TxArgument, TxStore};
pub use isolation::Isolation;
pub use transaction::OperationKey;

pub(crate) use database::Sealed;

#[doc(hidden)]
pub use again::{Repeatable, again};
#[doc(hidden)]
pub use conflict::{ConflictsInSources, ConflictsNever, ConflictsSaid, Probe, probe};
#[doc(hidden)]
pub use plain::{Call, Entry, Flow, TxOperation, always, coupled};
#[doc(hidden)]
pub use spec::TxSpec;
#[doc(hidden)]
pub use state::{StateOf, Typed, Untyped, state};
