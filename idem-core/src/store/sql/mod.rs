//! What the stores over SQL servers share: names, and how a row is read.

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod migration;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod name;
mod row;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod tally;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) mod version;

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use name::TableName;
pub(super) use row::{Fields, Row, number, record};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use row::{address, found};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use row::{columns, known_number};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use tally::tally;
