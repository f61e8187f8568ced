//! What the server returned, and whose it is.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use super::fault;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::store::Entry;
use crate::store::remote::driver::Found;
use crate::store::remote::failure::DriverFault;
use crate::store::sql::{Fields, address, found, record};

/// A record's columns come after the clock and the address.
const CLOCK: usize = 0;
const ADDRESS: usize = 1;
const RECORD: usize = 2;

/// What stands at each of the addresses, in their order.
pub(super) fn place(
    rows: &[MySqlRow],
    addresses: impl Iterator<Item = Address>,
) -> Result<Vec<Found>, DriverFault> {
    let mut seen = Vec::with_capacity(rows.len());
    for row in rows {
        let address = address(row, ADDRESS).map_err(|error| fault::damaged(&error))?;
        let clock = row.int(CLOCK).and_then(|clock| u64::try_from(clock).ok()).unwrap_or_default();
        seen.push((address, found(row, RECORD, address, Timestamp::from_micros(clock))));
    }
    seen.sort_by_key(|(address, _)| *address);
    // What filled a statement up is there several times.
    seen.dedup_by_key(|(address, _)| *address);
    Ok(addresses.map(|address| take(&mut seen, address)).collect())
}

fn take(seen: &mut [(Address, Found)], address: Address) -> Found {
    match seen.binary_search_by_key(&address, |(address, _)| *address) {
        Ok(at) => {
            seen.get_mut(at).map_or(Found::Nothing, |(_, found)| std::mem::replace(found, Found::Nothing))
        }
        Err(_) => Found::Nothing,
    }
}

pub(super) fn entry(row: &MySqlRow) -> Result<Entry, DriverFault> {
    let address = address(row, ADDRESS).map_err(|error| fault::damaged(&error))?;
    record(row, RECORD, address)
        .map(|record| Entry { address, record })
        .map_err(|error| fault::damaged(&error))
}

impl Fields for MySqlRow {
    fn int(&self, at: usize) -> Option<i64> {
        self.try_get(at).ok()
    }

    fn bytes(&self, at: usize) -> Option<Vec<u8>> {
        self.try_get(at).ok()
    }

    fn text(&self, at: usize) -> Option<String> {
        self.try_get(at).ok()
    }
}
