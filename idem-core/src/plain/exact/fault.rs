//! Why a value cannot be written or read.

use std::fmt;

/// Without the text of serde's error, which may hold data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plain) enum ExactError {
    /// Nested deeper than [`DEEPEST`].
    TooDeep,
    /// A text or bytes of 4 GiB or more.
    TooLong,
    /// The type's own code refused.
    Refused,
    /// Not what this version writes.
    Damaged,
}

/// How deep values may be nested. `serde_json` reads 128 arrays and objects, and each may be in a `Some`.
pub(super) const DEEPEST: usize = 256;

impl fmt::Display for ExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooDeep => "the value is nested too deeply",
            Self::TooLong => "a text in the value is 4 GiB long or longer",
            Self::Refused => "the code of the type refused the value",
            Self::Damaged => "the bytes are not a value",
        })
    }
}

impl std::error::Error for ExactError {}

impl serde::ser::Error for ExactError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }
}

impl serde::de::Error for ExactError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }
}
