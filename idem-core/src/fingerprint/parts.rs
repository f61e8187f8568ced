//! What counts besides a body or a value: path, query, header fields.

use sha2::{Digest, Sha256};

use super::{Fingerprint, Recipe};

/// Tells these digests from any other use of the function.
const DOMAIN: &[u8] = b"idem request 1";

/// A fingerprint that parts of the request's head are added to. Without any, it stays what it was.
#[derive(Debug)]
#[must_use]
pub(crate) struct Parts {
    base: Fingerprint,
    digest: Option<Sha256>,
}

impl Fingerprint {
    /// Begins to add parts.
    pub(crate) const fn with_parts(self) -> Parts {
        Parts { base: self, digest: None }
    }

    /// True if the version before made it from a body.
    pub(crate) fn is_of_a_body(&self) -> bool {
        matches!(self.recipe, Recipe::BodySha256 | Recipe::BodyBlake3)
    }
}

impl Parts {
    /// Adds a part, each piece after its length, so that no part can slide into another.
    pub(crate) fn part(mut self, name: &str, value: &[u8]) -> Self {
        let base = &self.base;
        let digest = self.digest.get_or_insert_with(|| {
            Sha256::new_with_prefix(DOMAIN).chain_update([base.recipe()]).chain_update(base.digest())
        });
        for piece in [name.as_bytes(), value] {
            digest.update((piece.len() as u64).to_be_bytes());
            digest.update(piece);
        }
        self
    }

    pub(crate) fn finish(self) -> Fingerprint {
        self.digest.map_or(self.base, |digest| Fingerprint {
            recipe: Recipe::Request,
            digest: digest.finalize().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_and_none_slides_into_another() {
        let value = Fingerprint::of_value(&7).expect("a value");
        let of = |base: Fingerprint, parts: &[(&str, &str)]| {
            parts
                .iter()
                .fold(base.with_parts(), |all, (name, value)| all.part(name, value.as_bytes()))
                .finish()
        };
        assert_eq!(of(value, &[]), value);
        let all = [
            of(value, &[]),
            of(value, &[("path", "")]),
            of(value, &[("path", "/a")]),
            of(value, &[("path", "/a"), ("query", "b")]),
            of(value, &[("path", "/aq"), ("uery", "b")]),
            of(value, &[("path", "/a"), ("query", "")]),
            of(value, &[("query", "/a")]),
            of(Fingerprint::none(), &[("path", "/a")]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| other != one), "{at}");
        }
    }
}
