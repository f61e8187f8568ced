//! The stored answer of an operation, as opaque bytes.

use std::fmt;
use std::sync::Arc;

/// The answer that a completed operation replays: bytes that a store keeps and gives back unchanged.
///
/// The first byte is the format ([`http`](crate::http) and [`plain`](crate::plain) write it), so that an old process
/// which meets a newer format refuses instead of guessing. Cloning shares the bytes. `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reply(Arc<[u8]>);

impl Reply {
    /// The bytes as the store holds them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Reply {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl AsRef<[u8]> for Reply {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({} bytes)", self.0.len())
    }
}
