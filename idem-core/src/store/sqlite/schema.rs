//! The tables, and how a database gets them.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;

use super::error::Failure;
use super::sql;
use super::transaction::{self, Broken, End};
use crate::store::StoreErrorKind;

/// The migrations in order; the n-th, from 1, leads to schema version n.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("schema/1.sql")];

/// What a database holds.
enum Found {
    Current,
    /// The migrations that it lacks.
    Older(&'static [&'static str]),
    Newer,
}

/// Refuses a database whose schema is not exactly the one that this code knows.
pub(super) async fn check(connection: &mut SqliteConnection, path: &Path) -> Result<(), Failure> {
    match find(connection, path).await? {
        Found::Current => Ok(()),
        Found::Older(_) => Err(Failure::new(
            StoreErrorKind::Misconfigured,
            format!("the tables in {} are gone: was the file replaced while it was in use?", path.display()),
        )),
        Found::Newer => Err(newer(path)),
    }
}

/// Brings a database to the current schema, in one transaction. Several processes may try at once.
pub(super) async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), Failure> {
    if let Found::Current = find(connection, path).await? {
        return Ok(());
    }
    let migrated =
        transaction::run(connection, path, async |connection| match find(connection, path).await? {
            Found::Current => Ok(((), End::RollBack)),
            Found::Newer => Err(newer(path)),
            Found::Older(missing) => {
                for migration in missing {
                    sqlx::raw_sql(*migration)
                        .execute(&mut *connection)
                        .await
                        .map_err(|e| Failure::of(e, path))?;
                }
                Ok(((), End::Commit))
            }
        });
    match migrated.await {
        Ok(()) => Ok(()),
        Err(Broken::Begin(failure) | Broken::Inside(failure) | Broken::Commit(failure)) => Err(failure),
    }
}

async fn find(connection: &mut SqliteConnection, path: &Path) -> Result<Found, Failure> {
    let failure = |error| Failure::of(error, path);
    let has_meta: i64 =
        sqlx::query_scalar(sql::HAS_META).fetch_one(&mut *connection).await.map_err(failure)?;
    let version: i64 = if has_meta == 0 {
        0
    } else {
        let version: Option<i64> = sqlx::query_scalar(sql::SCHEMA_VERSION)
            .fetch_optional(&mut *connection)
            .await
            .map_err(failure)?;
        version.ok_or_else(|| {
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
