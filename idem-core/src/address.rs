//! Where a record lives: a digest of everything that tells one operation from another.
//!
//! ```
//! use idem_core::Address;
//!
//! let pay = Address::new("shop", b"acme", "POST /pay", b"k1");
//! assert_eq!(pay, Address::new("shop", b"acme", "POST /pay", b"k1"));
//! // Another caller, another route: another operation.
//! assert_ne!(pay, Address::new("shop", b"other", "POST /pay", b"k1"));
//! assert_ne!(pay, Address::new("shop", b"acme", "POST /refund", b"k1"));
//! ```

use std::fmt;

use sha2::{Digest, Sha256};

/// The format of the digest's input. A new one makes new addresses, so it changes only with a migration.
const VERSION: &[u8] = b"idem address 1";

/// The 256-bit address of a record: SHA-256 over (format version, namespace, scope, operation, key), each part after
/// its length, so that no two different tuples share an input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address([u8; 32]);

impl Address {
    /// The address of `key` used by `scope` for `operation`. `namespace` keeps services that share a store apart.
    #[must_use]
    pub fn new(namespace: &str, scope: &[u8], operation: &str, key: &[u8]) -> Self {
        let mut digest = Sha256::new();
        for part in [VERSION, namespace.as_bytes(), scope, operation.as_bytes(), key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// From the bytes that a store kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes for a store to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// All of it as 64 hexadecimal digits: a reference for others that is the same for every attempt.
    #[must_use]
    pub fn to_hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// 64 of the digest's bits, as good as any hash of it.
    pub(crate) fn hash64(&self) -> u64 {
        self.0.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}

/// The first 8 bytes in hexadecimal: enough to find a record in a log, useless for guessing the key.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self}…)")
    }
}
