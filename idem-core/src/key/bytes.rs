//! The key of a call, as the address is made from it.

use std::fmt;
use std::sync::Arc;

/// A header's key, or the parts of a computed one. Cloning shares the bytes. `Debug` shows only how long it is.
#[derive(Clone)]
pub(crate) struct KeyBytes(Arc<[u8]>);

impl From<Vec<u8>> for KeyBytes {
    fn from(key: Vec<u8>) -> Self {
        Self(key.into())
    }
}

impl KeyBytes {
    /// The key as text; a key of several parts is none, since they are framed with control bytes.
    pub(crate) fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().filter(|text| !text.chars().any(char::is_control))
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyBytes({})", self.0.len())
    }
}
