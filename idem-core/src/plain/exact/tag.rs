//! The byte that each value begins with.

use super::fault::ExactError;

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $number:literal)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Tag {
            $($(#[$doc])* $name = $number,)*
        }

        impl Tag {
            pub(super) fn of(byte: u8) -> Result<Self, ExactError> {
                match byte {
                    $($number => Ok(Self::$name),)*
                    _ => Err(ExactError::Damaged),
                }
            }
        }
    };
}

// Numbers are stored: none is ever used for anything else. All integers and lengths are big-endian.
tags! {
    None = 0
    /// The value follows.
    Some = 1
    Unit = 2
    False = 3
    True = 4
    /// 8 bytes: every integer that fits and is not negative.
    U64 = 5
    /// 8 bytes: every other integer that fits.
    I64 = 6
    /// 16 bytes.
    U128 = 7
    /// 16 bytes.
    I128 = 8
    /// 4 bytes.
    F32 = 9
    /// 8 bytes.
    F64 = 10
    /// A length of 4 bytes, and UTF-8. Also a `char`.
    Str = 11
    /// A length of 4 bytes, and these.
    Bytes = 12
    /// Values up to `End`: sequences, tuples, tuple structs.
    Seq = 13
    /// Keys and values up to `End`: maps, structs.
    Map = 14
    /// A length of 4 bytes, and the name.
    UnitVariant = 15
    /// A length of 4 bytes, the name, and one value.
    Variant = 16
    End = 17
}

impl Tag {
    /// `null` in JSON.
    pub(super) const fn is_null(self) -> bool {
        matches!(self, Self::None | Self::Unit)
    }
}
