//! The tables, and how a database gets them.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::error::Failure;
use super::sql;
use super::transaction::{self, Broken, End};
use crate::store::StoreErrorKind;

/// The migrations in order; the n-th, from 1, leads to schema version n.
pub(super) const MIGRATIONS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// What a database holds.
enum Found {
    Current,
    /// The migrations that it lacks.
    Older(&'static [&'static str]),
    Newer,
}

/// Refuses a database whose schema is not exactly the one that this code knows.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), Failure> {
    match find(connection, path)? {
        Found::Current => Ok(()),
        Found::Older(_) => Err(Failure::new(
            StoreErrorKind::Misconfigured,
            format!("the tables in {} are gone: was the file replaced while it was in use?", path.display()),
        )),
        Found::Newer => Err(newer(path)),
    }
}

/// Brings a database to the current schema, in one transaction. Several processes may try at once.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), Failure> {
    if let Found::Current = find(connection, path)? {
        return Ok(());
    }
    let migrated = transaction::run(connection, path, |connection| match find(connection, path)? {
        Found::Current => Ok(((), End::RollBack)),
        Found::Newer => Err(newer(path)),
        Found::Older(missing) => {
            for migration in missing {
                connection.execute_batch(migration).map_err(|error| Failure::of(error, path))?;
            }
            Ok(((), End::Commit))
        }
    });
    match migrated {
        Ok(()) => Ok(()),
        Err(Broken::Begin(failure) | Broken::Inside(failure) | Broken::Commit(failure)) => Err(failure),
    }
}

fn find(connection: &Connection, path: &Path) -> Result<Found, Failure> {
    let failure = |error| Failure::of(error, path);
    let number = |query| connection.query_row(query, [], |row| row.get::<_, i64>(0)).optional();
    let has_meta = number(sql::HAS_META).map_err(failure)?;
    let version = if has_meta == Some(0) {
        0
    } else {
        number(sql::SCHEMA_VERSION).map_err(failure)?.ok_or_else(|| {
            Failure::new(
                StoreErrorKind::Corrupt,
                format!("the table idem_meta in {} does not say which schema it is", path.display()),
            )
        })?
    };
    Ok(match usize::try_from(version).map(|version| MIGRATIONS.get(version..)) {
        Ok(Some([])) => Found::Current,
        Ok(Some(missing)) => Found::Older(missing),
        Ok(None) | Err(_) => Found::Newer,
    })
}

fn newer(path: &Path) -> Failure {
    Failure::new(
        StoreErrorKind::UnknownFormat,
        format!("{} was set up by a newer version of idem: update this process", path.display()),
    )
}
