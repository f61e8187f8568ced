//! The recipe of derived keys.

use sha2::{Digest, Sha256};

use crate::address::Address;
use crate::key::{IdempotencyKey, InvalidName, OperationParts};

/// The version of the recipe, part of what is hashed. Another one would make other keys: a re-run that crosses the
/// change would repeat its calls.
const RECIPE: &[u8] = b"idem derived key 1";

/// Why a running operation gives no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Underivable {
    /// This run has derived a key for this name already: a second call under that key would be taken for a repetition
    /// of the first.
    #[error(
        "this run of the idempotent operation has made a call of this name already: give the second another name, or a part that tells the two apart, such as (\"refund\", line.id)"
    )]
    NameTaken,
    /// Not a name.
    #[error("no key can be derived from this name: {0}")]
    Name(#[from] InvalidName),
}

/// 128 bits of SHA-256 over (recipe, address, parts of the name), each after its length in bytes as a 64-bit
/// big-endian number, as a `UUIDv8` (RFC 9562 §5.8).
pub(crate) fn derive(address: Address, name: &OperationParts) -> IdempotencyKey {
    let mut digest = Sha256::new();
    for part in [RECIPE, address.as_bytes()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(name.as_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    IdempotencyKey::uuid_v8(digest.first_chunk().map_or(0, |first| u128::from_be_bytes(*first)))
}
