//! What PostgreSQL said, sorted by its [codes](https://www.postgresql.org/docs/current/errcodes-appendix.html).

use std::borrow::Cow;

use sqlx::error::DatabaseError;

use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::{StoreError, StoreErrorKind};

/// Of a statement.
pub(super) fn fault(error: sqlx::Error) -> DriverFault {
    let code = error.as_database_error().and_then(DatabaseError::code).map(Cow::into_owned);
    let Some(code) = code else { return without_code(error) };
    let failure = |kind, message: &str| Failure::new(kind, message);
    let unavailable = |message: &str| failure(StoreErrorKind::Unavailable, message);
    let misconfigured = |message: &str| failure(StoreErrorKind::Misconfigured, message);
    match code.get(..2).unwrap_or_default() {
        // The server goes down and takes the connection with it.
        "08" => DriverFault::Broken(unavailable("the connection to PostgreSQL broke").with_source(error)),
        "57" if matches!(&*code, "57P01" | "57P02" | "57P03" | "57P05") => {
            DriverFault::Broken(unavailable("PostgreSQL ended the connection").with_source(error))
        }
        // https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
        "40" => DriverFault::Again(unavailable("PostgreSQL undid the statement again and again").with_source(error)),
        // Not `Again`, which would wait as long many times; and not `Shut`, because in a batch it is one record that is
        // locked: the others must not suffer.
        "55" if code == "55P03" => DriverFault::Refused(
            unavailable("the record, or the table, was locked for too long: a transaction that was left open?")
                .with_source(error),
        ),
        "57" if code == "57014" => DriverFault::Shut(
            unavailable("PostgreSQL cancelled the statement: it ran too long, or was told to").with_source(error),
        ),
        // A handler, or a pooler, has dropped what was prepared on it: a new connection prepares it anew.
        "26" => DriverFault::Broken(unavailable("the session has lost its prepared statements").with_source(error)),
        "57" | "55" => DriverFault::Shut(unavailable("PostgreSQL is not ready for this").with_source(error)),
        "53" => DriverFault::Shut(
            unavailable("PostgreSQL has no room for this: disk, memory or connections are used up")
                .with_source(error),
        ),
        "25" if code == "25P02" => DriverFault::Refused(
            unavailable("the transaction has failed before, in a statement whose error was ignored").with_source(error),
        ),
        "25" => DriverFault::Shut(
            unavailable("PostgreSQL takes no writes: is this a replica, or in recovery? Connect to the primary")
                .with_source(error),
        ),
        "42" if code == "42501" => DriverFault::Shut(
            misconfigured(
                "this role may not use idem's table and functions: GRANT it USAGE on the schema, SELECT, INSERT, UPDATE and \
                 DELETE on the table, and EXECUTE on the functions",
            )
                .with_source(error),
        ),
        "42" | "3F" => DriverFault::Shut(
            misconfigured(
                "idem's table or functions are missing or not as idem made them: run `PostgresStore::migrations`; if a \
                 newer version of idem has migrated them, update this process",
            )
            .with_source(error),
        ),
        // A bound of the server, such as 1 GB for a value; or a text that is none in its encoding.
        "54" | "22" => DriverFault::Refused(
            failure(StoreErrorKind::Unstorable, "PostgreSQL cannot hold the record: cap replies").with_source(error),
        ),
        "XX" => DriverFault::Refused(
            failure(StoreErrorKind::Corrupt, "PostgreSQL found its data damaged").with_source(error),
        ),
        _ => DriverFault::Refused(misconfigured("PostgreSQL refused the record").with_source(error)),
    }
}

fn without_code(error: sqlx::Error) -> DriverFault {
    match error {
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
            let message = "PostgreSQL answered in a form that this version of idem does not know";
            DriverFault::Unread(Failure::new(StoreErrorKind::UnknownFormat, message).with_source(error))
        }
        sqlx::Error::Encode(_) => {
            let message = "the record cannot be written in PostgreSQL's protocol: cap replies";
            DriverFault::Refused(Failure::new(StoreErrorKind::Unstorable, message).with_source(error))
        }
        error => {
            let message = "the connection to PostgreSQL broke";
            DriverFault::Broken(Failure::new(StoreErrorKind::Unavailable, message).with_source(error))
        }
    }
}

/// Of the attempt to connect.
pub(super) fn unreached(error: sqlx::Error) -> DriverFault {
    let code = error.as_database_error().and_then(DatabaseError::code).map(Cow::into_owned);
    let (kind, message) = match code.as_deref() {
        Some(code) if code.starts_with("28") || code.starts_with("3D") => (
            StoreErrorKind::Misconfigured,
            "PostgreSQL does not let us in: check user, password and database",
        ),
        _ if matches!(error, sqlx::Error::Configuration(_)) => {
            (StoreErrorKind::Misconfigured, "the URL of the database is not one that PostgreSQL knows")
        }
        Some("53300") => (
            StoreErrorKind::Unavailable,
            "PostgreSQL has no connection left: raise max_connections, or lower `concurrency`",
        ),
        Some("57P01" | "57P02" | "57P03") => {
            (StoreErrorKind::Unavailable, "PostgreSQL is starting up or shutting down: try again soon")
        }
        Some(code) if code.starts_with("53") => (
            StoreErrorKind::Unavailable,
            "PostgreSQL has no room for a connection: memory or disk are used up",
        ),
        // What PgBouncer says for any reason.
        Some(code) if code.starts_with("08") => (
            StoreErrorKind::Unavailable,
            "the pooler refused the connection: it has no room, or PostgreSQL cannot be reached from there",
        ),
        Some(_) => (StoreErrorKind::Unavailable, "PostgreSQL refused the connection"),
        None => (StoreErrorKind::Unavailable, "PostgreSQL cannot be reached"),
    };
    DriverFault::Unreached(Failure::new(kind, message).with_source(error))
}

/// A message and a value are shorter than 1 GB; this leaves room for the rest of a record.
/// <https://www.postgresql.org/docs/current/limits.html>
const MOST_BYTES: usize = (1 << 30) - (1 << 16);

/// Whether the server takes replies of `bytes` in all. On more it hangs up.
pub(super) const fn fits(bytes: usize) -> bool {
    bytes <= MOST_BYTES
}

/// Refuses what the server would hang up on.
pub(super) fn admit(bytes: usize) -> Result<(), DriverFault> {
    if fits(bytes) {
        return Ok(());
    }
    let message = format!("a reply of {bytes} bytes is more than PostgreSQL takes: cap replies");
    Err(DriverFault::Refused(Failure::new(StoreErrorKind::Unstorable, message)))
}

/// Of a statement that answers with a row, always, and did not.
pub(super) fn silent() -> DriverFault {
    let message = "PostgreSQL answered in a form that this version of idem does not know";
    DriverFault::Unread(Failure::new(StoreErrorKind::UnknownFormat, message))
}

/// Of a row that makes no sense.
pub(super) fn damaged(error: &StoreError) -> DriverFault {
    DriverFault::Unread(Failure::new(error.kind(), error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PostgreSQL would hang up on it, which looks like a lost answer.
    #[test]
    fn a_reply_of_a_gigabyte_is_refused_before_it_is_sent() {
        for bytes in [0, 1 << 20, MOST_BYTES] {
            assert!(admit(bytes).is_ok(), "{bytes}");
        }
        for bytes in [MOST_BYTES + 1, 1 << 30, usize::MAX] {
            assert!(!fits(bytes));
            let refused = admit(bytes).unwrap_err();
            assert!(matches!(refused, DriverFault::Refused(_)));
            assert_eq!(refused.into_failure().to_error().kind(), StoreErrorKind::Unstorable, "{bytes}");
        }
    }
}
