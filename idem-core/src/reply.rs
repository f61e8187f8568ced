//! The stored answer of an operation, as opaque bytes.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use crate::refused::UnavailableResult;

/// The answer that a completed operation replays: bytes that a store keeps and gives back unchanged.
///
/// The first byte is the format ([`response`](crate::response) and [`plain`](crate::plain) write it), so that an old process
/// which meets a newer format refuses instead of guessing. Cloning shares the bytes. `Debug` shows only the length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reply(Arc<[u8]>);

/// The largest buffer that a thread keeps, in bytes.
const KEPT: usize = 64 << 10;

/// The first byte of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Format {
    /// A response, see [`response`](crate::response).
    Http = 1,
    /// No answer, and why.
    Tombstone = 2,
    /// A value, see [`plain`](crate::plain).
    Value = 3,
    /// A response with trailers, see [`response`](crate::response).
    HttpTrailers = 4,
    /// A value that JSON does not tell, see [`plain`](crate::plain).
    ExactValue = 5,
}

impl Reply {
    /// The reply that `write` writes. It is put together in a buffer that the thread keeps, so that only what is
    /// stored is allocated.
    pub(crate) fn written(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        thread_local!(static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
        let mut bytes = SCRATCH.take();
        bytes.clear();
        write(&mut bytes);
        let reply = Self(Arc::from(bytes.as_slice()));
        if bytes.capacity() <= KEPT {
            SCRATCH.set(bytes);
        }
        reply
    }

    /// The reply of an operation whose answer is not kept.
    pub(crate) fn tombstone(why: UnavailableResult) -> Self {
        vec![Format::Tombstone as u8, why.as_u8()].into()
    }

    /// Why there is no answer, if this is a tombstone.
    pub(crate) fn why_unavailable(&self) -> Option<UnavailableResult> {
        match *self.0 {
            [tag, why] if tag == Format::Tombstone as u8 => Some(UnavailableResult::from_u8(why)),
            _ => None,
        }
    }

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
