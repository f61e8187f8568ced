//! The canonical form of a request's path: the one place that decides which spellings are the same.
//!
//! The router splits the path as it was sent, at `/`, and then decodes what it captures. So two spellings mean the same
//! where every segment decodes to the same bytes. The canonical form decodes each segment and encodes it again: what
//! RFC 3986 §3.3 allows in a segment (`pchar`) stands as it is, every other byte as `%` and two upper-case digits.
//!
//! - A `%` that starts no escape stands for itself, as it does for the router: `%zz` is `%25zz`.
//! - `%2F` is part of a segment, and `/` ends one; within a wildcard (`{*rest}`) the handler sees no difference, and
//!   both are `/`.
//! - `+`, empty segments, a slash at the end and dot segments (`.`, `..`) stay: the router does not rewrite them.
//! - Bytes that are no UTF-8 are kept apart, although `Path` refuses them.

use std::borrow::Cow;

/// The canonical form of `path`; the path itself where that has no escape and needs none. `route` is the pattern that the
/// router matched.
pub(super) fn canonical<'p>(path: &'p str, route: Option<&str>) -> Cow<'p, str> {
    if is_plain(path) {
        return Cow::Borrowed(path);
    }
    let wildcard_from = route.and_then(wildcard_slashes);
    let mut form = String::with_capacity(path.len().saturating_mul(3));
    let mut slashes = 0;
    let mut bytes = path.as_bytes();
    while let Some((byte, rest)) = next(bytes) {
        // An escape is longer than a byte.
        let escaped = bytes.len() - rest.len() > 1;
        bytes = rest;
        slashes += usize::from(byte == b'/' && !escaped);
        let separates = byte == b'/' && (!escaped || wildcard_from.is_some_and(|from| slashes >= from));
        if separates || is_pchar(byte) {
            form.push(char::from(byte));
        } else {
            form.extend(['%', digit(byte >> 4), digit(byte & 0xF)]);
        }
    }
    Cow::Owned(form)
}

/// The first decoded byte, and what follows it.
fn next(bytes: &[u8]) -> Option<(u8, &[u8])> {
    if let [b'%', high, low, rest @ ..] = bytes
        && let (Some(high), Some(low)) = (hex(*high), hex(*low))
    {
        return Some((high << 4 | low, rest));
    }
    bytes.split_first().map(|(byte, rest)| (*byte, rest))
}

fn digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn is_plain(path: &str) -> bool {
    path.bytes().all(|byte| byte == b'/' || is_pchar(byte))
}

/// RFC 3986 §3.3, without escapes.
const fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~')
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
        || matches!(byte, b':' | b'@')
}

/// How many slashes stand before the wildcard of `route`.
fn wildcard_slashes(route: &str) -> Option<usize> {
    // `{{` is a brace and opens no parameter.
    let wildcard = route
        .match_indices("{*")
        .find(|(at, _)| !route.get(..*at).is_some_and(|before| before.ends_with('{')))?;
    Some(route.get(..wildcard.0)?.bytes().filter(|byte| *byte == b'/').count())
}

#[cfg(test)]
mod tests;
