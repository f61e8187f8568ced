//! The idempotency key: the caller's name for one operation.
//!
//! A key is 1 to 255 visible ASCII characters. It travels in the `Idempotency-Key` header, either bare (as most
//! live clients send it) or as a structured-field string (as the IETF draft wants it); `"k"` and `k` are one key. In the
//! header, a key that holds a comma must be quoted: gateways join repeated header lines with commas, so a comma outside
//! quotes is refused as two keys.
//!
//! ```
//! use idem_core::IdempotencyKey;
//!
//! let bare = IdempotencyKey::from_header(b"order-17").unwrap();
//! let quoted = IdempotencyKey::from_header(br#""order-17""#).unwrap();
//! assert_eq!(bare, quoted);
//! assert_eq!(bare.to_structured(), r#""order-17""#);
//! ```

mod bytes;
mod header;
mod name;
mod part;

pub use name::{InvalidName, OperationName, OperationParts};
pub use part::{KeyBuf, KeyPart};

pub(crate) use bytes::KeyBytes;

use std::fmt;

/// The longest key, in bytes. Stripe's limit, and the one most clients know.
pub const MAX_KEY_LEN: usize = 255;

/// One operation's key: 1 to 255 visible ASCII characters (`!` to `~`).
///
/// `Debug` shows only how long it is: keys are often built from personal data and must not reach a log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(Box<str>);

impl IdempotencyKey {
    /// Takes a bare key, as a program holds it (not as a header carries it).
    ///
    /// # Errors
    /// [`InvalidKey`] says which rule it breaks.
    pub fn new(key: impl Into<String>) -> Result<Self, InvalidKey> {
        let key = key.into();
        check(key.as_bytes())?;
        Ok(Self(key.into_boxed_str()))
    }

    /// Reads the value of one header line: a structured-field string (RFC 9651 §4.2.5; parameters are ignored)
    /// or the bare key, which holds no comma.
    ///
    /// # Errors
    /// [`InvalidKey`] for bad quoting, for a comma outside quotes, for characters outside visible ASCII, and for a key
    /// that is empty or too long.
    pub fn from_header(value: &[u8]) -> Result<Self, InvalidKey> {
        header::parse(value).map(|key| Self(key.into_boxed_str()))
    }

    /// A UUID of 122 of these bits, marked as version 8 (RFC 9562 §5.8).
    pub(crate) fn uuid_v8(bits: u128) -> Self {
        let bits = bits & !(0xf << 76 | 0b11 << 62) | 0x8 << 76 | 0b10 << 62;
        let hex = format!("{bits:032x}");
        let mut text = String::with_capacity(36);
        for (at, digit) in hex.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        Self(text.into_boxed_str())
    }

    /// The key as text, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[cfg(feature = "tower")]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0.into_string().into_bytes()
    }

    /// The key as a structured-field string, quoted and escaped, as the IETF draft (-07, §2.1) sends it.
    #[must_use]
    pub fn to_structured(&self) -> String {
        let mut quoted = String::with_capacity(self.0.len() + 2);
        quoted.push('"');
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        quoted.push('"');
        quoted
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({} characters)", self.0.len())
    }
}

impl AsRef<str> for IdempotencyKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for IdempotencyKey {
    type Err = InvalidKey;

    fn from_str(key: &str) -> Result<Self, InvalidKey> {
        Self::new(key)
    }
}

/// Why a text is not an idempotency key. The text itself is never in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// No characters at all.
    #[error("the idempotency key is empty: send 1 to 255 visible ASCII characters, a UUID for example")]
    Empty,
    /// More than [`MAX_KEY_LEN`] characters.
    #[error("the idempotency key is {0} characters long: send at most 255")]
    TooLong(usize),
    /// A space, a control byte, or a byte outside ASCII.
    #[error(
        "the idempotency key has a character outside visible ASCII at byte {0}: use letters, digits and marks, no spaces"
    )]
    Character(usize),
    /// A quoted key whose quotes or escapes are wrong.
    #[error(
        "the quoted idempotency key is malformed: close the quotes, and escape only \" and \\ inside them"
    )]
    Quoting,
    /// More than one header line, or lines that a gateway joined with a comma (RFC 9110 §5.3).
    #[error(
        "the request carries more than one idempotency key, as several header lines or joined by a comma: send one header line with the key of the first attempt; a key that holds a comma stands in double quotes"
    )]
    Several,
}

fn check(key: &[u8]) -> Result<(), InvalidKey> {
    if key.is_empty() {
        return Err(InvalidKey::Empty);
    }
    if let Some(at) = key.iter().position(|b| !b.is_ascii_graphic()) {
        return Err(InvalidKey::Character(at));
    }
    if key.len() > MAX_KEY_LEN {
        return Err(InvalidKey::TooLong(key.len()));
    }
    Ok(())
}
