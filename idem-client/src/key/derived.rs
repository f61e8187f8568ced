//! Keys that are computed from what the operation is.

use idem_core::{IdempotencyKey, KeyBuf, KeyPart};
use uuid::Uuid;

use crate::BuildError;

/// The namespace of derived keys. Fixed for ever: another one would make other keys.
const NAMESPACE: Uuid = Uuid::from_u128(0xab42_b943_41ca_4a6c_bb82_cd8f_c346_0424);
/// The version of the recipe, part of what is hashed.
const RECIPE: &[u8] = b"idem-operation/1";

/// Computes the key of an operation, always the same for the same name and parts.
///
/// The recipe, so that other languages can follow it: a `UUIDv5` (RFC 9562 §5.5) in the namespace
/// `ab42b943-41ca-4a6c-bb82-cd8fc3460424` over the bytes `idem-operation/1` and then, for each part, its length in
/// bytes as a 64-bit big-endian number and the part itself as UTF-8 text. Integers are written in decimal.
///
/// Name what makes the operation **one** operation (the order, the invoice line), and nothing that changes between
/// two tries of it (the time, a re-encrypted card). What the user may do twice on purpose needs a part that tells
/// the two apart. Where one server account is shared by tenants, the tenant is a part.
///
/// # Errors
/// [`BuildError::Operation`] if there is no part, or one is an absent `Option`.
pub fn derive<N: OperationName + ?Sized>(operation: &N) -> Result<IdempotencyKey, BuildError> {
    let mut parts = OperationParts { bytes: RECIPE.to_vec(), state: State::Empty };
    operation.write(&mut parts);
    match parts.state {
        State::Empty => Err(BuildError::Operation("it has no parts")),
        State::Absent => Err(BuildError::Operation("one of its parts is an absent value")),
        State::Named => Ok(IdempotencyKey::new(Uuid::new_v5(&NAMESPACE, &parts.bytes).to_string())?),
    }
}

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

/// Collects the parts of an operation's name, each after its length.
#[derive(Debug)]
pub struct OperationParts {
    bytes: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Empty,
    Named,
    Absent,
}

impl OperationParts {
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
    fn the_recipe_is_pinned() {
        let key = derive(&("charge", 17_u32)).unwrap();
        let mut name = b"idem-operation/1".to_vec();
        name.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 6]);
        name.extend_from_slice(b"charge");
        name.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 2]);
        name.extend_from_slice(b"17");
        let namespace = Uuid::parse_str("ab42b943-41ca-4a6c-bb82-cd8fc3460424").unwrap();
        assert_eq!(key.as_str(), Uuid::new_v5(&namespace, &name).to_string());
        assert_eq!(key.as_str(), "8f79fdcb-d543-50b6-8ea9-ada0f69935fd");
    }

    #[test]
    fn tuples_slices_and_vectors_of_the_same_parts_are_one_name() {
        let key = derive(&("charge", 17)).unwrap();
        assert_eq!(derive(&["charge", "17"]).unwrap(), key);
        assert_eq!(derive(&vec!["charge".to_owned(), "17".to_owned()]).unwrap(), key);
        assert_eq!(derive("ping").unwrap(), derive(&("ping",)).unwrap());
    }

    #[test]
    fn the_borders_of_parts_matter() {
        assert_ne!(derive(&("a", "bc")).unwrap(), derive(&("ab", "c")).unwrap());
        assert_ne!(derive(&("a", "")).unwrap(), derive("a").unwrap());
        assert_ne!(derive(&("a", "b")).unwrap(), derive(&("b", "a")).unwrap());
    }

    #[test]
    fn a_name_without_parts_is_refused() {
        assert!(matches!(derive(&Vec::<String>::new()), Err(BuildError::Operation(_))));
        assert!(matches!(derive(&("a", None::<u32>)), Err(BuildError::Operation(_))));
        assert!(matches!(derive(&(None::<u32>, "a")), Err(BuildError::Operation(_))));
    }
}
