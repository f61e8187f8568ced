//! The tables, and how a database gets them.
//!
//! A database has two numbers: its schema, and the oldest schema that a process may know which uses it. A migration that
//! only adds leaves the second one as it is, so that this version and the one before serve side by side; one that takes
//! something away raises it (`UPDATE idem_meta SET value = … WHERE name = 'schema'`).

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::error::Failure;
use super::sql;
use super::transaction::{self, Broken, TransactionEnd};
use crate::store::StoreErrorKind;

/// The migrations in order; the n-th, from 1, leads to schema version n.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// What a database holds.
enum Found {
    /// This schema, or a newer one that this code may use.
    Usable,
    /// The migrations that it lacks.
    Older(&'static [&'static str]),
    Newer,
}

/// Refuses a database that this code cannot use as it is.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), Failure> {
    match find(connection, path)? {
        Found::Usable => Ok(()),
        Found::Older(_) => Err(Failure::new(
            StoreErrorKind::Misconfigured,
            format!("the tables in {} are gone: was the file replaced while it was in use?", path.display()),
        )),
        Found::Newer => Err(newer(path)),
    }
}

/// Brings a database to the current schema, in one transaction. Several processes may try at once.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), Failure> {
    if let Found::Usable = find(connection, path)? {
        return Ok(());
    }
    let migrated = transaction::run(connection, path, |connection| match find(connection, path)? {
        Found::Usable => Ok(((), TransactionEnd::RollBack)),
        Found::Newer => Err(newer(path)),
        Found::Older(missing) => {
            for migration in missing {
                connection.execute_batch(migration).map_err(|error| Failure::of(error, path))?;
            }
            Ok(((), TransactionEnd::Commit))
        }
    });
    match migrated {
        Ok(()) => Ok(()),
        Err(Broken::Begin(failure) | Broken::Inside(failure) | Broken::Commit(failure)) => Err(failure),
    }
}

fn find(connection: &Connection, path: &Path) -> Result<Found, Failure> {
    let failure = |error| Failure::of(error, path);
    let has_meta = connection.query_row(sql::HAS_META, [], |row| row.get::<_, i64>(0)).optional();
    if has_meta.map_err(failure)? == Some(0) {
        return Ok(Found::Older(MIGRATIONS));
    }
    let numbers = connection.query_row(sql::SCHEMA, [], |row| Ok((row.get(0)?, row.get(1)?)));
    let numbers: (Option<i64>, Option<i64>) = numbers.map_err(failure)?;
    let (Some(schema), Some(oldest)) = numbers else {
        return Err(Failure::new(
            StoreErrorKind::Corrupt,
            format!("the table idem_meta in {} does not say which schema it is", path.display()),
        ));
    };
    let known = |number: i64| usize::try_from(number).ok().filter(|number| *number <= MIGRATIONS.len());
    if known(oldest).is_none() {
        return Ok(Found::Newer);
    }
    Ok(match known(schema).and_then(|schema| MIGRATIONS.get(schema..)) {
        Some([]) | None => Found::Usable,
        Some(missing) => Found::Older(missing),
    })
}

fn newer(path: &Path) -> Failure {
    Failure::new(
        StoreErrorKind::UnknownFormat,
        format!(
            "{} was migrated by a newer version of idem, which this version can no longer share it with: update this \
             process",
            path.display()
        ),
    )
}
