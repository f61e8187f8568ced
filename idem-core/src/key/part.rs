//! Keys and scopes that are computed from arguments.

use std::borrow::Cow;
use std::sync::Arc;

use super::IdempotencyKey;

/// Collects the parts of a computed key, so that `("a", "bc")` and `("ab", "c")` stay two keys.
///
/// A single part stands for itself, so `key = event.id` and a header carrying the same text name one operation.
#[derive(Clone, Default)]
pub struct KeyBuf {
    bytes: Vec<u8>,
    absent: bool,
}

crate::debug::structure!(KeyBuf: absent);

impl KeyBuf {
    /// Writes one part.
    pub fn push(&mut self, part: &str) {
        self.bytes.extend_from_slice(part.as_bytes());
    }

    /// Says that there is no key at all. The operation is then unprotected if it is `optional`, else refused.
    pub fn absent(&mut self) {
        self.absent = true;
    }

    /// Writes a part that is one of several, after its length.
    fn push_framed<K: KeyPart + ?Sized>(&mut self, part: &K) {
        let mut inner = Self::default();
        part.write(&mut inner);
        self.absent |= inner.absent;
        // NUL cannot stand in a header key, so a tuple never meets one by chance.
        self.bytes.push(0);
        self.bytes.extend_from_slice(&(inner.bytes.len() as u64).to_be_bytes());
        self.bytes.extend_from_slice(&inner.bytes);
    }

    /// The bytes of the key, or `None` if a part said that there is none.
    #[must_use]
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.absent).then_some(self.bytes)
    }

    /// The bytes of `part` alone.
    #[must_use]
    pub fn of<K: KeyPart + ?Sized>(part: &K) -> Option<Vec<u8>> {
        let mut buf = Self::default();
        part.write(&mut buf);
        buf.finish()
    }
}

/// A value that names an operation or a scope: text, integers, `bool`, `char`, [`IdempotencyKey`], `Uuid`
/// (feature `uuid`), and tuples,
/// references, `Box`, `Arc`, `Cow` and `Option` of them.
///
/// Integers and text are written as text, so an id keeps its key when its type changes from `u32` to `u64` or
/// `String`. Floating-point numbers are left out on purpose: equal amounts may print differently.
///
/// ```
/// use idem_core::KeyBuf;
///
/// assert_eq!(KeyBuf::of(&17_u32), KeyBuf::of("17"));
/// assert_ne!(KeyBuf::of(&("a", "bc")), KeyBuf::of(&("ab", "c")));
/// assert_eq!(KeyBuf::of(&None::<&str>), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an idempotency key or scope",
    label = "not a key",
    note = "use text, an integer, or a tuple of them; for another type, pass its id or `value.to_string()`, and of a header field `value.to_str().ok()`"
)]
pub trait KeyPart {
    /// Writes this value into `key`.
    fn write(&self, key: &mut KeyBuf);
}

macro_rules! display_parts {
    ($($type:ty)*) => {$(
        impl KeyPart for $type {
            fn write(&self, key: &mut KeyBuf) {
                key.push(&self.to_string());
            }
        }
    )*};
}
display_parts!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize bool char);
display_parts!(std::num::NonZeroU32 std::num::NonZeroU64 std::net::IpAddr);

#[cfg(feature = "uuid")]
display_parts!(uuid::Uuid);

impl KeyPart for str {
    fn write(&self, key: &mut KeyBuf) {
        key.push(self);
    }
}

impl KeyPart for String {
    fn write(&self, key: &mut KeyBuf) {
        key.push(self);
    }
}

impl KeyPart for IdempotencyKey {
    fn write(&self, key: &mut KeyBuf) {
        key.push(self.as_str());
    }
}

impl<K: KeyPart> KeyPart for Option<K> {
    fn write(&self, key: &mut KeyBuf) {
        match self {
            Some(part) => part.write(key),
            None => key.absent(),
        }
    }
}

impl<K: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, K> {
    fn write(&self, key: &mut KeyBuf) {
        (**self).write(key);
    }
}

macro_rules! pointer_parts {
    ($($type:ty)*) => {$(
        impl<K: KeyPart + ?Sized> KeyPart for $type {
            fn write(&self, key: &mut KeyBuf) {
                (**self).write(key);
            }
        }
    )*};
}
pointer_parts!(&K &mut K Box<K> Arc<K>);

macro_rules! tuple_parts {
    ($($name:ident)*) => {
        impl<$($name: KeyPart),*> KeyPart for ($($name,)*) {
            #[allow(non_snake_case, reason = "one name serves as type and variable")]
            fn write(&self, key: &mut KeyBuf) {
                let ($($name,)*) = self;
                $(key.push_framed($name);)*
            }
        }
    };
}
tuple_parts!(A);
tuple_parts!(A B);
tuple_parts!(A B C);
tuple_parts!(A B C D);
tuple_parts!(A B C D E);
tuple_parts!(A B C D E F);
