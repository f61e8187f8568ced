//! Errors that say: the database undid this for the sake of another transaction, and it may succeed at once.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

/// True if `error` or one of its sources is a database's word that it undid a statement or a transaction because of
/// another one: PostgreSQL's 40001 and 40P01, MySQL's and MariaDB's 1213 and 1205.
///
/// ```
/// let error = std::io::Error::other("not of a database");
/// assert!(!idem_core::tx::is_conflict(&error));
/// ```
#[must_use]
pub fn is_conflict(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if says_conflict(error) {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error may hide the driver's own and still give its source, so each kind is looked for.
fn says_conflict(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return error.as_database_error().is_some_and(of_database);
    }
    if let Some(error) = error.downcast_ref::<Box<dyn sqlx::error::DatabaseError>>() {
        return of_database(&**error);
    }
    #[cfg(feature = "postgres")]
    if let Some(error) = error.downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return of_database(error);
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return of_database(error);
    }
    false
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> bool {
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return matches!(error.number(), 1213 | 1205);
    }
    matches!(error.code().as_deref(), Some("40001" | "40P01"))
}

/// An error that knows whether it stems from a [conflict](is_conflict). For errors that do not implement
/// [`std::error::Error`], or that hide their source; all others are looked through without it.
///
/// ```
/// use idem_core::tx::MayConflict;
///
/// struct ApiError(Box<dyn std::error::Error + Send + Sync>);
///
/// impl MayConflict for ApiError {
///     fn is_conflict(&self) -> bool {
///         idem_core::tx::is_conflict(&*self.0)
///     }
/// }
/// ```
pub trait MayConflict {
    /// True if the database undid something for the sake of another transaction.
    fn is_conflict(&self) -> bool;
}

/// An output type, to be asked whether its error can tell a conflict. The macro calls `(&&probe::<R>()).conflict()`:
/// method look-up finds the first of the three traits below that fits.
pub struct Probe<R>(PhantomData<fn() -> R>);

/// Asks.
#[must_use]
pub const fn probe<R>() -> Probe<R> {
    Probe(PhantomData)
}

impl<R> fmt::Debug for Probe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// Found first: the error says so itself.
pub trait ConflictsSaid<R> {
    #[doc(hidden)]
    fn conflict(&self) -> fn(&R) -> bool;
}

impl<T, E: MayConflict> ConflictsSaid<Result<T, E>> for &Probe<Result<T, E>> {
    fn conflict(&self) -> fn(&Result<T, E>) -> bool {
        |result| result.as_ref().err().is_some_and(MayConflict::is_conflict)
    }
}

/// Found next: the error has sources.
pub trait ConflictsInSources<R> {
    #[doc(hidden)]
    fn conflict(&self) -> fn(&R) -> bool;
}

impl<T, E: Error + 'static> ConflictsInSources<Result<T, E>> for &&Probe<Result<T, E>> {
    fn conflict(&self) -> fn(&Result<T, E>) -> bool {
        |result| result.as_ref().err().is_some_and(|error| is_conflict(error))
    }
}

/// Found for everything else: nobody can tell.
pub trait ConflictsNever<R> {
    #[doc(hidden)]
    fn conflict(&self) -> fn(&R) -> bool;
}

impl<R> ConflictsNever<R> for Probe<R> {
    fn conflict(&self) -> fn(&R) -> bool {
        |_| false
    }
}
