//! The `Idempotency-Key` field value, read both ways.

use super::{InvalidKey, check};

/// A value that starts with a quote is a structured-field string; anything else is the bare key.
pub(super) fn parse(value: &[u8]) -> Result<String, InvalidKey> {
    let value = value.trim_ascii();
    let key = match value.split_first() {
        Some((b'"', rest)) => unquote(rest)?,
        _ => value.to_vec(),
    };
    check(&key)?;
    String::from_utf8(key).map_err(|error| InvalidKey::Character(error.utf8_error().valid_up_to()))
}

/// RFC 9651 §4.2.5: only `\"` and `\\` are escapes. What follows the closing quote must be parameters.
fn unquote(rest: &[u8]) -> Result<Vec<u8>, InvalidKey> {
    let mut key = Vec::with_capacity(rest.len());
    let mut bytes = rest.iter();
    loop {
        match bytes.next() {
            Some(b'"') => break,
            Some(b'\\') => match bytes.next() {
                Some(&escaped @ (b'"' | b'\\')) => key.push(escaped),
                _ => return Err(InvalidKey::Quoting),
            },
            Some(&byte) => key.push(byte),
            None => return Err(InvalidKey::Quoting),
        }
    }
    parameters(bytes.as_slice()).then_some(key).ok_or(InvalidKey::Quoting)
}

/// RFC 9651 §4.2.3.2, as far as ignoring the parameters needs it: `*( ";" *SP key [ "=" bare-item ] )`.
fn parameters(mut rest: &[u8]) -> bool {
    while let Some((b';', after)) = rest.split_first() {
        rest = after.trim_ascii_start();
        let Some(name) = take(rest, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b))
        else {
            return false;
        };
        if !name.0.first().is_some_and(|b| b.is_ascii_lowercase() || *b == b'*') {
            return false;
        }
        rest = name.1;
        if let Some((b'=', value)) = rest.split_first() {
            rest = match value.split_first() {
                Some((b'"', string)) => match string_end(string) {
                    Some(end) => end,
                    None => return false,
                },
                _ => match take(value, |b| b.is_ascii_graphic() && !b"\";,".contains(&b)) {
                    Some((_, end)) => end,
                    None => return false,
                },
            };
        }
    }
    rest.is_empty()
}

fn take(bytes: &[u8], accept: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|b| !accept(*b)).unwrap_or(bytes.len());
    (end > 0).then(|| bytes.split_at(end))
}

fn string_end(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (first, rest) = bytes.split_first()?;
        bytes = match first {
            b'"' => return Some(rest),
            b'\\' => rest.split_first().filter(|(b, _)| matches!(b, b'"' | b'\\'))?.1,
            _ => rest,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_are_one_key() {
        for value in ["k1", "\"k1\"", " \"k1\" ", "\"k1\";a=1;b=\"x;y\"", "\"k1\"; v"] {
            assert_eq!(parse(value.as_bytes()).as_deref(), Ok("k1"), "{value}");
        }
        assert_eq!(parse(br#""a\"b\\c""#).as_deref(), Ok("a\"b\\c"));
        // Colons, slashes and commas are visible ASCII; bare keys may hold them.
        assert_eq!(parse(b"order:42/a,b").as_deref(), Ok("order:42/a,b"));
    }

    #[test]
    fn bad_quoting_is_refused() {
        for value in
            ["\"k", "\"k\"x", "\"k\\x\"", "\"k\";", "\"k\";=1", "\"k\";a=", "\"a\", \"b\"", "\"a\" \"b\""]
        {
            assert_eq!(parse(value.as_bytes()), Err(InvalidKey::Quoting), "{value}");
        }
    }

    #[test]
    fn length_and_characters_are_checked() {
        assert_eq!(parse(b""), Err(InvalidKey::Empty));
        assert_eq!(parse(b"\"\""), Err(InvalidKey::Empty));
        assert_eq!(parse(&[b'k'; 300]), Err(InvalidKey::TooLong(300)));
        assert_eq!(parse(b"a b"), Err(InvalidKey::Character(1)));
        assert_eq!(parse(b"\"a b\""), Err(InvalidKey::Character(1)));
        assert_eq!(parse(b"a\x01"), Err(InvalidKey::Character(1)));
        assert_eq!(parse("kü".as_bytes()), Err(InvalidKey::Character(1)));
        assert!(parse(&[b'k'; 255]).is_ok());
    }
}
