//! Keys that are computed from what the operation is.

use idem_core::IdempotencyKey;
use idem_core::key::{OperationName, OperationParts};
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
    let parts = OperationParts::of(operation)?;
    let bytes = [RECIPE, parts.as_bytes()].concat();
    Ok(IdempotencyKey::new(Uuid::new_v5(&NAMESPACE, &bytes).to_string())?)
}

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
