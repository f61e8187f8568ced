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
#[diagnostic::on_unimplemented(
    message = "`tx_retries` runs the handler again after a conflict, and `{Self}` cannot tell one",
    label = "this error hides what the database said",
    note = "implement `idem_core::tx::MayConflict` for it (around an `anyhow::Error`: \
            `idem_core::tx::is_conflict(&*self.0)`), or `std::error::Error` with the driver's \
            error as its `source`, or remove `tx_retries`"
)]
pub trait MayConflict {
    /// True if the database undid something for the sake of another transaction.
    fn is_conflict(&self) -> bool;
}

/// Boxed errors are looked through as others are.
macro_rules! boxed {
    ($($error:ty),*) => {$(
        impl MayConflict for Box<$error> {
            fn is_conflict(&self) -> bool {
                is_conflict(&**self)
            }
        }
    )*};
}
boxed!(dyn Error, dyn Error + Send, dyn Error + Send + Sync);

/// An output type, to be asked whether its error can tell a conflict. The macro calls `(&&&probe::<R>()).idem_conflict()`:
/// method look-up finds the first of the traits below that fits.
pub struct Probe<R>(PhantomData<fn() -> R>);

/// Asks.
#[must_use]
pub const fn probe<R>() -> Probe<R> {
    Probe(PhantomData)
}

/// Asks about the output of a body, which may have no name.
#[must_use]
pub const fn probe_of<R>(_: &R) -> Probe<R> {
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
    fn idem_conflict(&self) -> fn(&R) -> bool;
}

impl<T, E: MayConflict> ConflictsSaid<Result<T, E>> for &&Probe<Result<T, E>> {
    fn idem_conflict(&self) -> fn(&Result<T, E>) -> bool {
        |result| result.as_ref().err().is_some_and(MayConflict::is_conflict)
    }
}

/// Found next: the error has sources.
pub trait ConflictsInSources<R> {
    #[doc(hidden)]
    fn idem_conflict(&self) -> fn(&R) -> bool;
}

impl<T, E: Error + 'static> ConflictsInSources<Result<T, E>> for &&&Probe<Result<T, E>> {
    fn idem_conflict(&self) -> fn(&Result<T, E>) -> bool {
        |result| result.as_ref().err().is_some_and(|error| is_conflict(error))
    }
}

/// Found for every other `Result`, where the handler is to run again after a conflict: does not compile.
pub trait ConflictsUntold<T, E> {
    #[doc(hidden)]
    fn idem_conflict(&self) -> fn(&Result<T, E>) -> bool
    where
        E: MayConflict;
}

impl<T, E> ConflictsUntold<T, E> for &Probe<Result<T, E>> {
    fn idem_conflict(&self) -> fn(&Result<T, E>) -> bool
    where
        E: MayConflict,
    {
        |result| result.as_ref().err().is_some_and(MayConflict::is_conflict)
    }
}

/// Found for everything else: no error tells. A conflict that the COMMIT meets is known all the same.
pub trait ConflictsNever<R> {
    #[doc(hidden)]
    fn idem_conflict(&self) -> fn(&R) -> bool;
}

impl<R> ConflictsNever<R> for Probe<R> {
    fn idem_conflict(&self) -> fn(&R) -> bool {
        |_| false
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::error::Error;
    use std::fmt;

    use sqlx::error::{DatabaseError, ErrorKind};

    use super::{
        ConflictsInSources as _, ConflictsNever as _, ConflictsSaid as _, MayConflict, is_conflict, probe,
    };
    use crate::outcome::NoEffect;

    /// A database that says only its code.
    #[derive(Debug)]
    struct Said(&'static str);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Said {}

    impl DatabaseError for Said {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    fn said(code: &'static str) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Said(code)))
    }

    #[derive(Debug, thiserror::Error)]
    enum Shop {
        #[error("the database")]
        Source(#[source] sqlx::Error),
        #[error(transparent)]
        Transparent(#[from] sqlx::Error),
        #[error("deep")]
        Deep(#[source] Box<Shop>),
        #[error("it hides: {0}")]
        Hidden(sqlx::Error),
    }

    /// Says the contrary of what its source says.
    #[derive(Debug, thiserror::Error)]
    #[error("contrary")]
    struct Contrary(#[source] sqlx::Error);

    impl MayConflict for Contrary {
        fn is_conflict(&self) -> bool {
            !is_conflict(&self.0)
        }
    }

    /// What the macro asks of an output.
    macro_rules! tells {
        ($output:ty, $value:expr) => {
            (&&&probe::<$output>()).idem_conflict()(&$value)
        };
    }

    #[test]
    fn a_conflict_is_known_by_its_code() {
        for (code, conflict) in [("40001", true), ("40P01", true), ("23505", false), ("1213", false)] {
            assert_eq!(is_conflict(&said(code)), conflict, "{code}");
        }
        assert!(!is_conflict(&sqlx::Error::RowNotFound));
    }

    #[test]
    fn an_error_is_looked_through() {
        let wraps: [fn(sqlx::Error) -> Shop; 3] =
            [Shop::Source, Shop::Transparent, |error| Shop::Deep(Box::new(Shop::Transparent(error)))];
        for wrap in wraps {
            assert!(tells!(Result<u8, Shop>, Err(wrap(said("40001")))));
            assert!(!tells!(Result<u8, Shop>, Err(wrap(said("23505")))));
        }
        assert!(!tells!(Result<u8, Shop>, Err(Shop::Hidden(said("40001")))));
        assert!(!tells!(Result<u8, Shop>, Ok(1)));
        assert!(tells!(Result<u8, NoEffect<Shop>>, Err(NoEffect(Shop::Transparent(said("40001"))))));
        assert!(tells!(Result<u8, NoEffect<sqlx::Error>>, Err(NoEffect(said("40001")))));
    }

    #[test]
    fn a_box_is_looked_into() {
        assert!(tells!(Result<u8, Box<dyn Error>>, Err(Box::new(said("40001")) as Box<dyn Error>)));
        assert!(tells!(Result<u8, Box<dyn Error + Send + Sync>>, Err(said("40001").into())));
        assert!(!tells!(Result<u8, Box<dyn Error + Send + Sync>>, Err("text".into())));
    }

    #[test]
    fn an_error_that_says_it_itself_is_believed() {
        assert!(!tells!(Result<(), Contrary>, Err(Contrary(said("40001")))));
        assert!(tells!(Result<(), Contrary>, Err(Contrary(said("23505")))));
        assert!(!tells!(Result<(), Contrary>, Ok(())));
    }

    #[test]
    fn what_cannot_tell_never_does() {
        struct NoError;
        assert!(!tells!(Result<(), NoError>, Err(NoError)));
        assert!(!tells!(Result<(), (u16, String)>, Err((500, said("40001").to_string()))));
        assert!(!tells!((), ()));
        assert!(!tells!(sqlx::Error, said("40001")));
        assert!(!tells!(Option<sqlx::Error>, Some(said("40001"))));
    }

    /// As for `Result<impl IntoResponse, ApiError>`.
    #[test]
    fn the_value_may_be_without_a_name() {
        fn ask<T>(conflict: fn(&T) -> bool, output: &T) -> bool {
            conflict(output)
        }
        let failed: Result<_, Shop> = Err(Shop::Source(said("40001")));
        let mut outputs = [failed, Ok(|| 1)];
        assert!(ask((&&&probe::<Result<_, Shop>>()).idem_conflict(), &outputs[0]));
        outputs.reverse();
        assert!(!ask((&&&probe::<Result<_, Shop>>()).idem_conflict(), &outputs[0]));
    }
}
