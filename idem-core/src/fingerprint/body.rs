//! The fingerprint of a body, made while its chunks pass by.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Fingerprint, Recipe};

/// Up to here a body is held (as shared chunks, not copied) and hashed by SHA-256, which processors have
/// instructions for; a longer one is hashed by BLAKE3 as it comes. Each is the faster one on its side.
const SMALL: u64 = 4096;

/// Hashes (query, content-type essence, body) chunk by chunk.
///
/// ```
/// use idem_core::fingerprint::BodyHasher;
///
/// let mut whole = BodyHasher::new(None, Some("application/json; charset=utf-8"));
/// whole.update(&b"{\"amount\":7}".as_slice().into());
/// let mut pieces = BodyHasher::new(None, Some("Application/JSON"));
/// pieces.update(&b"{\"amo".as_slice().into());
/// pieces.update(&b"unt\":7}".as_slice().into());
/// assert_eq!(whole.finish(), pieces.finish());
/// ```
#[derive(Debug)]
pub struct BodyHasher {
    /// Query and content type, each after its length, and the presence of each.
    head: Vec<u8>,
    len: u64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Small(Vec<Bytes>),
    Large(Box<blake3::Hasher>),
}

impl BodyHasher {
    /// `query` as in the request target, without `?`; `content_type` as in the header.
    #[must_use]
    pub fn new(query: Option<&str>, content_type: Option<&str>) -> Self {
        let mut head = Vec::with_capacity(96);
        head.extend_from_slice(b"idem body 1");
        push(&mut head, query.unwrap_or_default().as_bytes());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        push(&mut head, essence.to_ascii_lowercase().as_bytes());
        Self { head, len: 0, body: Body::Small(Vec::new()) }
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
            Body::Small(chunks) if self.len <= SMALL => chunks.push(chunk.clone()),
            Body::Small(chunks) => {
                let mut hasher = Box::new(blake3::Hasher::new());
                hasher.update(&self.head);
                for held in chunks.iter() {
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

    /// The fingerprint of all that came.
    #[must_use]
    pub fn finish(self) -> Fingerprint {
        match self.body {
            Body::Small(chunks) => {
                let mut digest = Sha256::new_with_prefix(&self.head);
                for chunk in &chunks {
                    digest.update(chunk);
                }
                Fingerprint { recipe: Recipe::BodySha256, digest: digest.finalize().into() }
            }
            Body::Large(hasher) => {
                Fingerprint { recipe: Recipe::BodyBlake3, digest: hasher.finalize().into() }
            }
        }
    }
}

fn push(head: &mut Vec<u8>, part: &[u8]) {
    head.extend_from_slice(&(part.len() as u64).to_be_bytes());
    head.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: Option<&str>, content_type: Option<&str>, body: &[u8], chunk: usize) -> Fingerprint {
        let mut hasher = BodyHasher::new(query, content_type);
        for part in body.chunks(chunk) {
            hasher.update(&Bytes::copy_from_slice(part));
        }
        hasher.finish()
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
        // A part cannot slide into its neighbour.
        assert_ne!(of(Some("ab"), Some("c"), b"", 1), of(Some("a"), Some("bc"), b"", 1));
    }
}
