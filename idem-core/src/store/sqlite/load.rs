//! Reading records by address.

use std::collections::HashMap;
use std::path::Path;

use sqlx::sqlite::SqliteConnection;

use super::error::Failure;
use super::row::{self, Unreadable};
use super::sql;
use crate::address::Address;
use crate::protocol::Record;
use crate::store::StoreErrorKind;

/// Records by address; one that this code cannot read is there too.
pub(super) type Loaded = HashMap<Address, Result<Record, Unreadable>>;

/// The records at `addresses`, in one statement.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    path: &Path,
    addresses: impl IntoIterator<Item = Address>,
) -> Result<Loaded, Failure> {
    let wanted: Vec<u8> = addresses.into_iter().flat_map(|address| *address.as_bytes()).collect();
    if wanted.is_empty() {
        return Ok(Loaded::new());
    }
    let rows = sqlx::query(sql::LOAD).bind(wanted).fetch_all(connection).await;
    let rows = rows.map_err(|error| Failure::of(error, path))?;
    let located = |row| {
        let address = row::address(row).map_err(|_| {
            Failure::new(
                StoreErrorKind::Corrupt,
                format!("a record in {} has a damaged address", path.display()),
            )
        })?;
        Ok((address, row::record(row)))
    };
    rows.iter().map(located).collect()
}
