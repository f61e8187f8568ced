//! Reading records by address.

use std::collections::HashMap;

use rusqlite::Connection;

use super::row;
use super::{sql, transaction};
use crate::address::Address;
use crate::protocol::Record;
use crate::store::unreadable::Unreadable;

/// Records by address; one that this code cannot read is there too.
pub(super) type Loaded = HashMap<Address, Result<Record, Unreadable>>;

/// The records at `addresses`, as they are at one moment.
pub(super) fn load(connection: &Connection, addresses: &[Address]) -> rusqlite::Result<Loaded> {
    // One look at the write-ahead log for all, not one for each.
    let together = addresses.len() > 1 && connection.is_autocommit();
    if together {
        transaction::execute(connection, sql::BEGIN_READING)?;
    }
    let loaded = addresses.iter().filter_map(|address| find(connection, *address).transpose());
    let loaded = loaded.collect::<rusqlite::Result<_>>()?;
    if together {
        transaction::execute(connection, sql::COMMIT)?;
    }
    Ok(loaded)
}

type Found = (Address, Result<Record, Unreadable>);

fn find(connection: &Connection, address: Address) -> rusqlite::Result<Option<Found>> {
    let mut statement = connection.prepare_cached(sql::LOAD)?;
    let mut rows = statement.query([address.as_bytes()])?;
    Ok(rows.next()?.map(|row| (address, row::record(row))))
}
