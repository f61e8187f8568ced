//! The last order about a record, as one line of text that stays in it.
//!
//! ```
//! use idem_core::protocol::AuditLine;
//!
//! let line = AuditLine::from_stored("2026-11-24T15:04:05Z settled as not happened by ada: no such charge");
//! assert!(line.as_str().ends_with("by ada: no such charge"));
//! ```

use std::fmt;
use std::sync::Arc;

use crate::clock::Timestamp;

/// Who ordered what about a record, why, and when on the store's clock: for people, at most [`MAX`](Self::MAX) bytes,
/// without control characters.
///
/// Written together with what it tells of, replaced by the next order, and kept by every other transition. Cloning
/// shares the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AuditLine(Arc<Text>);

/// A thin pointer to it is all that a record without a line pays for.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Text(Box<str>);

/// What a time takes, with the space behind it.
const STAMP: usize = "9999-12-31T23:59:59Z ".len();

/// The last second with a year of four digits.
const LAST: Timestamp = Timestamp::from_micros(253_402_300_799_000_000);

impl AuditLine {
    /// The longest line that is written, in bytes.
    pub const MAX: usize = 200;

    /// From the text that a store kept.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(Arc::new(Text(text.into())))
    }

    /// The text, for a store to keep and for people to read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.0
    }

    pub(super) fn new(now: Timestamp, said: &str) -> Self {
        Self::from_stored(&format!("{} {}", now.min(LAST), kept(said)))
    }

    /// True if this is the line of an order that said so, whenever it was given.
    pub(super) fn says(&self, said: &str) -> bool {
        self.as_str().split_once(' ').is_some_and(|(_, mine)| mine == kept(said))
    }
}

impl fmt::Display for AuditLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AuditLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

fn kept(said: &str) -> &str {
    cut(said, AuditLine::MAX - STAMP)
}

/// At most `bytes` of `text`, and whole characters.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

/// `text` with every character replaced that is not visible, or that changes how other characters are shown.
pub(super) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.trim().chars().map(|c| if hidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_too_long_and_always_whole_characters() {
        for said in ["x".repeat(500), "ü".repeat(300), "🦀".repeat(100)] {
            for now in [0, 1_780_000_000_000_000, u64::MAX] {
                let line = AuditLine::new(Timestamp::from_micros(now), &said);
                assert!(line.as_str().len() <= AuditLine::MAX, "{line}");
                assert!(line.as_str().len() > AuditLine::MAX - 4, "{line}");
                assert!(line.says(&said), "{line}");
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_replaced() {
        assert_eq!(visible(" a\nb\0c\u{202e}d\u{7f} "), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        assert_eq!(visible("Ärger, 日本 🦀"), "Ärger, 日本 🦀");
    }
}
