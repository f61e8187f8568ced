//! What the stores over SQL servers share: names, and how a row is read.

mod name;
mod row;
pub(super) mod version;

pub(super) use name::TableName;
pub(super) use row::{Fields, Row, address, found, known_number, number, record};
