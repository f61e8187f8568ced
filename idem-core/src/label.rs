//! What an operator may read of a record: the operation, and hints of scope and key that give neither away.

use std::fmt;
use std::sync::Arc;

/// The operation's name and a hint of the scope, kept as text beside the record.
///
/// Cloning shares the text: one label serves all records of one operation and scope.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Label(Arc<str>);

/// How many characters of a scope are kept.
const SCOPE_CHARS: usize = 12;
/// How many characters of an operation's name are kept: a request path may be long.
const OPERATION_CHARS: usize = 160;

impl Label {
    /// Keeps at most 160 characters of `operation` and 12 of `scope`.
    #[must_use]
    pub fn new(operation: &str, scope: &[u8]) -> Self {
        Self(Self::text(operation, scope).into())
    }

    fn text(operation: &str, scope: &[u8]) -> String {
        let scope = String::from_utf8_lossy(scope);
        let mut text = String::with_capacity(operation.len() + SCOPE_CHARS + 1);
        text.extend(operation.chars().filter(|c| !c.is_control()).take(OPERATION_CHARS));
        text.push('\n');
        text.extend(scope.chars().filter(|c| !c.is_control()).take(SCOPE_CHARS));
        text
    }

    /// From the text that a store kept, [`Label::as_str`].
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// Operation and scope hint with a line feed between, for a store to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The operation: its `name`, or method and path.
    #[must_use]
    pub fn operation(&self) -> &str {
        self.0.split_once('\n').map_or(&*self.0, |(operation, _)| operation)
    }

    /// True if [`Label::new`] would make this label, without making it.
    pub(crate) fn is_of(&self, operation: &str, scope: &[u8]) -> bool {
        let kept = operation.len() <= OPERATION_CHARS && scope.len() <= SCOPE_CHARS;
        let hint = self.0.strip_prefix(operation).and_then(|rest| rest.strip_prefix('\n'));
        (kept && hint.is_some_and(|hint| hint.as_bytes() == scope))
            || *self.0 == *Self::text(operation, scope)
    }

    /// The first characters of the scope.
    #[must_use]
    pub fn scope_hint(&self) -> &str {
        self.0.split_once('\n').map_or("", |(_, scope)| scope)
    }
}

/// Without the hint of the scope.
impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({:?})", self.operation())
    }
}

/// The first characters of a key: at most 8, and never more than half of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeyHint([u8; 8]);

impl KeyHint {
    /// The hint of `key`. Bytes outside visible ASCII (from computed keys) are left out.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        let mut hint = [0; 8];
        let shown = key.iter().filter(|b| b.is_ascii_graphic()).take((key.len() / 2).min(8));
        for (to, from) in hint.iter_mut().zip(shown) {
            *to = *from;
        }
        Self(hint)
    }

    /// From the text that a store kept.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        let mut hint = [0; 8];
        for (to, from) in hint.iter_mut().zip(text.bytes().filter(u8::is_ascii_graphic)) {
            *to = from;
        }
        Self(hint)
    }

    /// The hint as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        self.0.get(..end).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

/// Without the characters: they are for an operator who asks for them.
impl fmt::Debug for KeyHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHint(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_never_show_more_than_half_a_key() {
        assert_eq!(KeyHint::of(b"1234").as_str(), "12");
        assert_eq!(KeyHint::of(b"01923e7a-aaaa-bbbb").as_str(), "01923e7a");
        assert_eq!(KeyHint::of(b"k").as_str(), "");
        assert_eq!(KeyHint::from_stored(KeyHint::of(b"abcdefgh").as_str()), KeyHint::of(b"abcdefgh"));
    }

    #[test]
    fn a_label_survives_being_stored() {
        let label = Label::new("POST /pay", b"acme-and-a-long-tail");
        let again = Label::from_stored(label.as_str());
        assert_eq!((again.operation(), again.scope_hint()), ("POST /pay", "acme-and-a-l"));
    }
}
