//! The stores of this crate that can write a record in a transaction of the handler's.

use crate::store::Store;

/// A store that keeps its records in an SQL database, and can therefore write one in the same transaction as the
/// effects: [`PostgresStore`](crate::store::postgres::PostgresStore), [`MySqlStore`](crate::store::mysql::MySqlStore),
/// [`SqliteStore`](crate::store::sqlite::SqliteStore), and an `Arc` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot write a record in a transaction of the handler's",
    label = "not a store in an SQL database",
    note = "use `PostgresStore`, `MySqlStore` or `SqliteStore`, and keep its type: `Idem<PostgresStore>`, not `Idem`"
)]
pub trait TxStore: Store + Sealed {
    /// The store's database, as sqlx names it.
    type Database: sqlx::Database;
}

impl<S: TxStore> TxStore for std::sync::Arc<S> {
    type Database = S::Database;
}

/// Sealed: only the stores of this crate can do that.
#[allow(unnameable_types, reason = "that is how a trait is sealed")]
pub trait Sealed {}

impl<S: Sealed> Sealed for std::sync::Arc<S> {}
