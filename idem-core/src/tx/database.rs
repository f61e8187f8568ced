//! Which database a transaction is of, and which store can write its records in it.

use crate::idem::Idem;
use crate::plain::LeadsToIdem;
use crate::store::{Store, TxStore};

/// A transaction of PostgreSQL.
#[cfg(feature = "postgres")]
pub type PgTx<'c> = sqlx::Transaction<'c, sqlx::Postgres>;

/// A transaction of MySQL or MariaDB.
#[cfg(feature = "mysql")]
pub type MySqlTx<'c> = sqlx::Transaction<'c, sqlx::MySql>;

/// A transaction of SQLite.
#[cfg(feature = "sqlite-tx")]
pub type SqliteTx<'c> = sqlx::Transaction<'c, sqlx::Sqlite>;

/// A type that `#[tx]` can stand on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transaction that idem can hand out",
    label = "not a transaction",
    note = "write `#[tx] tx: &mut PgTx<'_>`, `&mut MySqlTx<'_>` or `&mut SqliteTx<'_>`"
)]
pub trait TxArgument {
    /// The database that it names.
    type Database: sqlx::Database;
}

impl<Db: sqlx::Database> TxArgument for &mut sqlx::Transaction<'_, Db> {
    type Database = Db;
}

/// A type that leads to an [`Idem`] whose store can write its records in transactions of `Db`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot carry a transaction of `{Db}`",
    label = "its store is not in that database",
    note = "`with` takes an `Idem` that still knows its store, such as `Idem<PostgresStore>` for a `PgTx`; an erased \
            `Idem` may be in any store"
)]
pub trait Carries<Db>: LeadsToIdem {}

#[diagnostic::do_not_recommend]
impl<S: TxStore<Database = Db> + ?Sized, Db: sqlx::Database> Carries<Db> for Idem<S> {}
#[diagnostic::do_not_recommend]
impl<I: Carries<Db> + ?Sized, Db> Carries<Db> for &I {}
#[diagnostic::do_not_recommend]
impl<I: Carries<Db> + ?Sized, Db> Carries<Db> for std::sync::Arc<I> {}
#[diagnostic::do_not_recommend]
impl<I: Carries<Db> + ?Sized, Db> Carries<Db> for std::rc::Rc<I> {}
#[diagnostic::do_not_recommend]
impl<I: Carries<Db> + ?Sized, Db> Carries<Db> for Box<I> {}
#[diagnostic::do_not_recommend]
impl<I: Carries<Db>, F, Db> Carries<Db> for std::sync::LazyLock<I, F> {}

/// A router's state that says which store its layer has, so that a handler which asks for a transaction of another
/// database does not compile.
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use idem_core::{store::postgres::PostgresStore, tx::HasStore};
///
/// #[derive(Clone)]
/// struct App;
///
/// impl HasStore for App {
///     type Store = PostgresStore; // a handler with `State<App>` and `#[tx] tx: &mut MySqlTx<'_>` does not compile
/// }
/// # }
/// ```
///
/// Handlers without a `State<App>` argument are checked when they are called: 500 `store-cannot-couple`, before anything
/// runs.
pub trait HasStore {
    /// The store of the [`Idem`] whose layer the router has.
    type Store: Store;
}

/// A state whose store can write its records in transactions of `Db`.
#[diagnostic::on_unimplemented(
    message = "the store of `{Self}` cannot carry a transaction of `{Db}`",
    label = "its store is not in that database",
    note = "`HasStore` says which store the router has: ask for a transaction of its database"
)]
pub trait HasTx<Db>: Sealed<Db> {}

/// Sealed: [`HasStore`] says it all.
#[allow(unnameable_types, reason = "that is how a trait is sealed")]
pub trait Sealed<Db> {}

#[diagnostic::do_not_recommend]
impl<A: HasStore, Db: sqlx::Database> Sealed<Db> for A where A::Store: TxStore<Database = Db> {}

#[diagnostic::do_not_recommend]
impl<A: HasStore, Db: sqlx::Database> HasTx<Db> for A where A::Store: TxStore<Database = Db> {}
