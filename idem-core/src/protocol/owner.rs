//! Who holds a claim: the fence that the store gave and the nonce that the caller made.

use std::fmt;

use crate::clock::Timestamp;

/// Rises with every claim of a key; also across reaping, as long as the store's clock does not fall back by more than
/// the retention. Hand it to a resource that refuses lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(u64);

impl Fence {
    /// From the number that a store kept.
    #[must_use]
    pub const fn from_u64(fence: u64) -> Self {
        Self(fence)
    }

    /// The number for a store to keep.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The first fence of a key: the store's clock, so that it lies above any fence of a reaped predecessor.
    pub(super) const fn first(now: Timestamp) -> Self {
        Self(now.as_micros())
    }

    pub(super) fn next(self, now: Timestamp) -> Self {
        Self(self.0.saturating_add(1).max(now.as_micros()))
    }
}

/// 128 random bits that the claimant makes before it asks, so that a claim whose reply was lost can be repeated and
/// recognised as its own. Not a secret; `Debug` shows its first half.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A new random nonce.
    #[must_use]
    pub fn fresh() -> Self {
        Self(fastrand::u128(..).to_be_bytes())
    }

    /// From the bytes that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes for a store to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(")?;
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// The guard of every write: both must be the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Given by the store at the claim.
    pub fence: Fence,
    /// Made by the claimant.
    pub nonce: Nonce,
}
