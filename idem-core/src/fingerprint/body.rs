//! The fingerprint of a body, made while its chunks pass by.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Fingerprint, Recipe};

/// Up to here a body is held (as shared chunks, not copied) and hashed by SHA-256, which processors have
/// instructions for; a longer one is hashed by BLAKE3 as it comes. Each is the faster one on its side.
const SMALL: u64 = 4096;

/// Hashes (body, query, content-type essence). The body comes first, because its chunks may pass by before the head is
/// looked at; the lengths of the three parts come last, so that no part can slide into another.
///
/// ```
/// use idem_core::fingerprint::BodyHasher;
///
/// let mut whole = BodyHasher::new();
/// whole.update(&b"{\"amount\":7}".as_slice().into());
/// let mut pieces = BodyHasher::new();
/// pieces.update(&b"{\"amo".as_slice().into());
/// pieces.update(&b"unt\":7}".as_slice().into());
/// let whole = whole.finish(None, Some("application/json; charset=utf-8"));
/// assert_eq!(whole, pieces.finish(None, Some("Application/JSON")));
/// ```
#[derive(Default)]
pub struct BodyHasher {
    len: u64,
    body: Body,
}

crate::debug::structure!(BodyHasher: len);

enum Body {
    /// The usual body is one chunk, which needs no list.
    Small {
        first: Bytes,
        more: Vec<Bytes>,
    },
    Large(Box<blake3::Hasher>),
}

crate::debug::variants!(Body { Small, Large });

impl Default for Body {
    fn default() -> Self {
        Self::Small { first: Bytes::new(), more: Vec::new() }
    }
}

/// Tells these digests from any other use of the two functions.
const DOMAIN: &[u8] = b"idem body 1";

impl BodyHasher {
    /// Before the first chunk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes of body have come so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True before the first byte of body.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The next chunk of the body.
    pub fn update(&mut self, chunk: &Bytes) {
        self.len += chunk.len() as u64;
        match &mut self.body {
            Body::Small { first, .. } if self.len == chunk.len() as u64 && self.len <= SMALL => {
                *first = chunk.clone();
            }
            Body::Small { more, .. } if self.len <= SMALL => more.push(chunk.clone()),
            Body::Small { first, more } => {
                let mut hasher = Box::new(blake3::Hasher::new());
                hasher.update(DOMAIN);
                for held in std::iter::once(&*first).chain(more.iter()) {
                    hasher.update(held);
                }
                hasher.update(chunk);
                self.body = Body::Large(hasher);
            }
            Body::Large(hasher) => {
                hasher.update(chunk);
            }
        }
    }

    /// The fingerprint of all that came. `query` as in the request target, without `?`; `content_type` as in the
    /// header.
    #[must_use]
    pub fn finish(self, query: Option<&str>, content_type: Option<&str>) -> Fingerprint {
        let tail = tail(self.len, query.unwrap_or_default(), content_type.unwrap_or_default());
        match self.body {
            Body::Small { first, more } => {
                let mut digest = Sha256::new_with_prefix(DOMAIN);
                digest.update(&first);
                for chunk in &more {
                    digest.update(chunk);
                }
                digest.update(&tail);
                Fingerprint { recipe: Recipe::BodySha256, digest: digest.finalize().into() }
            }
            Body::Large(mut hasher) => {
                hasher.update(&tail);
                Fingerprint { recipe: Recipe::BodyBlake3, digest: hasher.finalize().into() }
            }
        }
    }
}

/// Query and content-type essence, and the three lengths.
fn tail(body: u64, query: &str, content_type: &str) -> Vec<u8> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut tail = Vec::with_capacity(query.len() + essence.len() + 24);
    tail.extend_from_slice(query.as_bytes());
    tail.extend_from_slice(essence.as_bytes());
    for len in [body, query.len() as u64, essence.len() as u64] {
        tail.extend_from_slice(&len.to_be_bytes());
    }
    tail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: Option<&str>, content_type: Option<&str>, body: &[u8], chunk: usize) -> Fingerprint {
        let mut hasher = BodyHasher::new();
        for part in body.chunks(chunk) {
            hasher.update(&Bytes::copy_from_slice(part));
        }
        hasher.finish(query, content_type)
    }

    #[test]
    fn chunking_does_not_matter_and_every_part_does() {
        for len in [0, 1, 4095, 4096, 4097, 20_000] {
            let body = vec![7; len];
            let whole = of(Some("a=1"), None, &body, 20_000);
            for chunk in [1, 1000, 4096] {
                assert_eq!(whole, of(Some("a=1"), None, &body, chunk), "{len} in {chunk}s");
            }
            assert_ne!(whole, of(Some("a=2"), None, &body, 4096));
            assert_ne!(whole, of(Some("a=1"), Some("text/plain"), &body, 4096));
            let longer = vec![7; len + 1];
            assert_ne!(whole, of(Some("a=1"), None, &longer, 4096));
        }
        // A part cannot slide into the next part.
        assert_ne!(of(Some("ab"), Some("c"), b"", 1), of(Some("a"), Some("bc"), b"", 1));
        assert_ne!(of(Some("b"), None, b"a", 1), of(Some(""), None, b"ab", 1));
    }
}
