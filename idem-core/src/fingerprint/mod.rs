//! What a request said, as a digest: the same key with another fingerprint is refused, and never sees the reply.
//!
//! By default an HTTP request is fingerprinted by its query, the essence of its content type and its raw body bytes,
//! hashed while they arrive, and by its content encoding if it has one. Method and path are part of the
//! [`Address`](crate::Address); where a `name` stands for them there, the path is part of the fingerprint. Raw bytes,
//! because parsing loses: two 64-bit ids above 2^53 are one number to a JSON reader that thinks in doubles.
//!
//! A handler with `key = expr` has its key in the payload: only path and query count besides, so that a webhook that is
//! delivered again with another attempt counter stays the same operation. `fingerprint = expr` asks for more.
//! `fingerprint_headers` adds header fields in every case.
//!
//! ```
//! use idem_core::Fingerprint;
//!
//! let a = Fingerprint::of_value(&("EUR", 1099_u64)).unwrap();
//! assert_eq!(a, Fingerprint::of_value(&("EUR", 1099_u64)).unwrap());
//! assert_ne!(a, Fingerprint::of_value(&("EUR", 1100_u64)).unwrap());
//! ```

mod body;
mod canonical;
#[cfg(feature = "tower")]
mod parts;

pub use body::BodyHasher;
pub use canonical::CanonicalJson;

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// A 256-bit digest of what a request said, with the recipe that made it.
///
/// SHA-256 or BLAKE3: collision resistant, so that no caller can craft a body that replays another body's answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    recipe: Recipe,
    digest: [u8; 32],
}

/// How the digest was made. The number is stored; an unknown one is refused, never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
enum Recipe {
    None = 0,
    BodySha256 = 1,
    BodyBlake3 = 2,
    Value = 3,
    /// One of the others, with parts of the request's head.
    Request = 4,
}

impl Fingerprint {
    /// Says nothing: every request with the key counts as the same one.
    #[must_use]
    pub const fn none() -> Self {
        Self { recipe: Recipe::None, digest: [0; 32] }
    }

    /// Of a value that stands for the request, by its JSON text. Field order is part of it; leave out maps whose
    /// order changes from run to run, such as `HashMap`.
    ///
    /// # Errors
    /// [`InvalidFingerprint`] when the value does not serialise, [`CanonicalJson`] of a malformed body for example.
    pub fn of_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, InvalidFingerprint> {
        let mut digest = HashWriter(Sha256::new_with_prefix(b"idem value 1"));
        serde_json::to_writer(&mut digest, value).map_err(|error| InvalidFingerprint(error.to_string()))?;
        Ok(Self { recipe: Recipe::Value, digest: digest.0.finalize().into() })
    }

    /// From what a store kept; `None` for a recipe that only a newer version knows.
    #[must_use]
    pub fn from_stored(recipe: u8, digest: [u8; 32]) -> Option<Self> {
        let recipe = [Recipe::None, Recipe::BodySha256, Recipe::BodyBlake3, Recipe::Value, Recipe::Request]
            .into_iter()
            .find(|known| *known as u8 == recipe)?;
        Some(Self { recipe, digest })
    }

    /// The recipe's number, for a store to keep.
    #[must_use]
    pub const fn recipe(&self) -> u8 {
        self.recipe as u8
    }

    /// The digest, for a store to keep.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:?} ", self.recipe)?;
        self.digest.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// The value given as a fingerprint could not be turned into one. Carries the reason, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be fingerprinted: {0}")]
pub struct InvalidFingerprint(pub(crate) String);

struct HashWriter(Sha256);

impl std::io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
