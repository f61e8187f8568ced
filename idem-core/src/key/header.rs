//! The `Idempotency-Key` field value, read both ways.

use super::{InvalidKey, check};

/// A value that starts with a quote is a structured-field string; anything else is the bare key.
///
/// A comma outside quotes means several field lines, because any recipient may join them with one (RFC 9110 §5.3).
pub(super) fn parse(value: &[u8]) -> Result<String, InvalidKey> {
    let value = value.trim_ascii();
    let key = match value.split_first() {
        Some((b'"', rest)) => unquote(rest)?,
        _ if value.contains(&b',') => return Err(InvalidKey::Several),
        _ => value.to_vec(),
    };
    check(&key)?;
    String::from_utf8(key).map_err(|error| InvalidKey::Character(error.utf8_error().valid_up_to()))
}

/// RFC 9651 §4.2.5: only `\"` and `\\` are escapes. What follows the closing quote must be parameters.
fn unquote(rest: &[u8]) -> Result<Vec<u8>, InvalidKey> {
    // Most keys have no escape: all up to the closing quote is taken at once, without room for more that would be given back.
    let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\')).ok_or(InvalidKey::Quoting)?;
    let (plain, rest) = rest.split_at(plain);
    let mut key = plain.to_vec();
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
    match parameters(bytes.as_slice()) {
        Some(rest) => match rest.trim_ascii_start().first() {
            None => Ok(key),
            Some(b',') => Err(InvalidKey::Several),
            Some(_) => Err(InvalidKey::Quoting),
        },
        None => Err(InvalidKey::Quoting),
    }
}

/// What follows the parameters; `None` if they are malformed. RFC 9651 §4.2.3.2, as far as ignoring them needs it:
/// `*( ";" *SP key [ "=" bare-item ] )`.
fn parameters(mut rest: &[u8]) -> Option<&[u8]> {
    while let Some((b';', after)) = rest.split_first() {
        rest = after.trim_ascii_start();
        let (name, after) =
            take(rest, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b))?;
        if !name.first().is_some_and(|b| b.is_ascii_lowercase() || *b == b'*') {
            return None;
        }
        rest = after;
        if let Some((b'=', value)) = rest.split_first() {
            rest = match value.split_first() {
                Some((b'"', string)) => string_end(string)?,
                _ => take(value, |b| b.is_ascii_graphic() && !b"\";,".contains(&b))?.1,
            };
        }
    }
    Some(rest)
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
        // Colons and slashes are visible ASCII; bare keys may hold them. A comma stands in quotes.
        assert_eq!(parse(b"order:42/a").as_deref(), Ok("order:42/a"));
        assert_eq!(parse(b"\"a,b\"").as_deref(), Ok("a,b"));
        assert_eq!(parse(b"\"k1\";a=\"x,y\"").as_deref(), Ok("k1"));
    }

    #[test]
    fn field_lines_that_were_joined_are_several_keys() {
        let lines = ["k", "l", "\"k\"", "\"l\"", "\"k\";a=1", "\"a,b\"", ""];
        for first in lines {
            for second in lines.into_iter().filter(|second| !first.is_empty() || !second.is_empty()) {
                for between in [",", ", ", " , ", ",\t"] {
                    let joined = [first, second].join(between);
                    assert_eq!(parse(joined.as_bytes()), Err(InvalidKey::Several), "{joined}");
                    let thrice = [first, second, "m"].join(between);
                    assert_eq!(parse(thrice.as_bytes()), Err(InvalidKey::Several), "{thrice}");
                }
            }
        }
    }

    #[test]
    fn bad_quoting_is_refused() {
        for value in ["\"k", "\"k\"x", "\"k\\x\"", "\"k\";", "\"k\";=1", "\"k\";a=", "\"a\" \"b\"", "\"a\" b"]
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
