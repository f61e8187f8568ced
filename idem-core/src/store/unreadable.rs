//! Records that this code must neither believe nor change.

use super::{StoreError, StoreErrorKind};
use crate::address::Address;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The record holds something that only a newer version knows.
    Newer(&'static str),
    /// The record holds something that no version wrote.
    Damaged(&'static str),
}

impl Unreadable {
    pub(super) fn to_error(self, address: Address) -> StoreError {
        match self {
            Self::Newer(what) => StoreError::new(
                StoreErrorKind::UnknownFormat,
                format!(
                    "record {address} has a {what} that only a newer version of idem knows: update this process"
                ),
            ),
            Self::Damaged(what) => StoreError::new(
                StoreErrorKind::Corrupt,
                format!("record {address} is damaged: its {what} makes no sense"),
            ),
        }
    }
}
