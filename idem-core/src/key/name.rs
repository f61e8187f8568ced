//! Names of operations, made of stable parts, from which keys are derived.

use super::{KeyBuf, KeyPart};

/// A name for an operation, of one or more stable parts: text, a tuple of up to eight [`KeyPart`]s (text, integers,
/// `bool`…), or a slice of them.
///
/// `("charge", 17)`, `["charge", "17"]` and a `Vec` of the same texts are one name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name an operation",
    label = "not a name",
    note = "use text, or a tuple of text and integers such as `(\"charge\", order.id)`"
)]
pub trait OperationName {
    /// Writes the parts, in order.
    fn write(&self, parts: &mut OperationParts);
}

/// The parts of an operation's name, each after its length, so that no two different names are the same bytes.
///
/// It is a name itself, for code that keeps one until later.
#[derive(Clone)]
pub struct OperationParts {
    bytes: Vec<u8>,
    state: State,
}

crate::debug::structure!(OperationParts: state);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Named,
    Absent,
}

/// Why something is no name for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// An empty slice.
    #[error("it has no parts")]
    Empty,
    /// A `None` among the parts.
    #[error("one of its parts is an absent value")]
    Absent,
}

impl OperationParts {
    /// The parts of `name`.
    ///
    /// # Errors
    /// [`InvalidName`] if there is no part, or one is an absent `Option`.
    pub fn of<N: OperationName + ?Sized>(name: &N) -> Result<Self, InvalidName> {
        let mut parts = Self { bytes: Vec::new(), state: State::Empty };
        name.write(&mut parts);
        match parts.state {
            State::Empty => Err(InvalidName::Empty),
            State::Absent => Err(InvalidName::Absent),
            State::Named => Ok(parts),
        }
    }

    /// Adds one part.
    pub fn push<K: KeyPart + ?Sized>(&mut self, part: &K) {
        let Some(text) = KeyBuf::of(part) else {
            self.state = State::Absent;
            return;
        };
        if self.state == State::Empty {
            self.state = State::Named;
        }
        self.bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(&text);
    }

    /// For each part its length in bytes as a 64-bit big-endian number, and the part as UTF-8 text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl OperationName for OperationParts {
    fn write(&self, parts: &mut OperationParts) {
        parts.bytes.extend_from_slice(&self.bytes);
        if parts.state == State::Empty || self.state == State::Absent {
            parts.state = self.state;
        }
    }
}

impl OperationName for str {
    fn write(&self, parts: &mut OperationParts) {
        parts.push(self);
    }
}

impl OperationName for String {
    fn write(&self, parts: &mut OperationParts) {
        parts.push(self);
    }
}

impl<N: OperationName + ?Sized> OperationName for &N {
    fn write(&self, parts: &mut OperationParts) {
        (**self).write(parts);
    }
}

impl<K: KeyPart> OperationName for [K] {
    fn write(&self, parts: &mut OperationParts) {
        for part in self {
            parts.push(part);
        }
    }
}

impl<K: KeyPart> OperationName for Vec<K> {
    fn write(&self, parts: &mut OperationParts) {
        self.as_slice().write(parts);
    }
}

impl<K: KeyPart, const N: usize> OperationName for [K; N] {
    fn write(&self, parts: &mut OperationParts) {
        self.as_slice().write(parts);
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: KeyPart),*> OperationName for ($($name,)*) {
            #[allow(non_snake_case, reason = "one name serves as type and variable")]
            fn write(&self, parts: &mut OperationParts) {
                let ($($name,)*) = self;
                $(parts.push($name);)*
            }
        }
    };
}
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_kept_are_the_name_itself() {
        let kept = OperationParts::of(&("charge", 17)).unwrap();
        assert_eq!(OperationParts::of(&kept).unwrap().as_bytes(), kept.as_bytes());
        assert_eq!(kept.as_bytes(), b"\0\0\0\0\0\0\0\x06charge\0\0\0\0\0\0\0\x0217");
    }

    #[test]
    fn a_name_has_parts_and_none_is_absent() {
        assert_eq!(OperationParts::of(&Vec::<String>::new()).unwrap_err(), InvalidName::Empty);
        assert_eq!(OperationParts::of(&("a", None::<u32>)).unwrap_err(), InvalidName::Absent);
        assert_eq!(OperationParts::of(&(None::<u32>, "a")).unwrap_err(), InvalidName::Absent);
        assert_eq!(OperationParts::of("").unwrap().as_bytes(), [0; 8]);
    }
}
