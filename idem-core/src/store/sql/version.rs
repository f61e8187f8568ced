//! What to say of a schema that is not the one that this code knows.

use super::TableName;
use crate::store::StoreErrorKind;
use crate::store::remote::failure::{Failure, Fault};

/// Refuses every version but `known`. 0 is no table at all; `migrations` is what prints the SQL.
pub(in crate::store) fn check(
    found: usize,
    known: usize,
    name: &TableName,
    migrations: &str,
) -> Result<(), Fault> {
    if found == known {
        return Ok(());
    }
    Err(if found == 0 {
        refused(
            StoreErrorKind::Misconfigured,
            format!("the database has no table {name} of idem's: run `{migrations}`, or let `open` migrate"),
        )
    } else if found < known {
        refused(
            StoreErrorKind::Misconfigured,
            format!("the table {name} is of an older version of idem: run `{migrations}` from {}", found + 1),
        )
    } else {
        newer(name)
    })
}

pub(in crate::store) fn newer(name: &TableName) -> Fault {
    refused(
        StoreErrorKind::UnknownFormat,
        format!("the table {name} was set up by a newer version of idem: update this process"),
    )
}

pub(in crate::store) fn refused(kind: StoreErrorKind, message: String) -> Fault {
    Fault::Refused(Failure::new(kind, message))
}
