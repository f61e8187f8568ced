//! Whose records a look, a sweep or an order is about.
//!
//! ```
//! use idem_core::protocol::Namespace;
//!
//! assert_ne!(Namespace::new("shop"), Namespace::new("Shop"));
//! assert_eq!(Namespace::new("shop").as_str(), "shop");
//! ```

use std::fmt;
use std::sync::Arc;

/// The namespace of an engine, in the form that records keep.
///
/// Several services may keep their records in one store. Lists, counts, sweeps, verify hooks and orders of a service see
/// the records of its own namespace only, and those that name none: see [`sees`](Self::sees).
///
/// Cloning shares the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Namespace(Arc<str>);

/// The most characters that are kept.
const LONGEST: usize = 64;
/// What of a longer text is kept as it is. A digest follows.
const BEGINNING: usize = 47;

impl Namespace {
    /// A text of more than 64 characters, or with control characters, is kept as its first 47 characters, `#` and 16
    /// digits of its digest. Different namespaces stay different, in case and in spaces too.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        let visible = || namespace.chars().filter(|c| !c.is_control());
        let length = namespace.chars().count();
        if length <= LONGEST && visible().count() == length {
            return Self(namespace.into());
        }
        let digest = blake3::hash(namespace.as_bytes()).to_hex();
        let digest = digest.as_str().get(..LONGEST - BEGINNING - 1).unwrap_or_default();
        let kept: String = visible().take(BEGINNING).chain(['#']).chain(digest.chars()).collect();
        Self(kept.into())
    }

    /// From the text that a store kept.
    pub(crate) fn from_stored(kept: &str) -> Self {
        Self(kept.into())
    }

    /// As records keep it: at most 64 characters, none of them a control character.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_one_short_line_and_stays_different_from_others() {
        let of = |namespace: &str| Namespace::new(namespace).as_str().to_owned();
        let long = "x".repeat(200);
        for namespace in [&*long, "a\nb", "a\0b", &*"ü".repeat(65)] {
            let kept = of(namespace);
            assert!(kept.chars().count() <= 64 && !kept.chars().any(char::is_control), "{kept}");
            assert_ne!(kept, of(&format!("{namespace}y")));
            assert_eq!(Namespace::from_stored(&kept), Namespace::new(namespace));
        }
        assert_ne!(of("a\nb"), of("ab"));
    }
}
