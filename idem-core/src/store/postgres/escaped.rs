//! Bytes as `bytea_output = 'escape'` writes them.
//!
//! <https://www.postgresql.org/docs/current/datatype-binary.html#DATATYPE-BINARY-BYTEA-ESCAPE-FORMAT>

/// `None` of a text that is not in this form.
pub(super) fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => {
                bytes.push(b'\\');
                after
            }
            (b'\\', [high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', after @ ..]) => {
                bytes.push((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'));
                after
            }
            (b'\\', _) => return None,
            (byte, after) => {
                bytes.push(*byte);
                after
            }
        };
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_read_and_nothing_else() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let mut text = Vec::new();
        for byte in &all {
            match byte {
                b'\\' => text.extend(b"\\\\"),
                0x20..=0x7e => text.push(*byte),
                _ => text.extend(format!("\\{byte:03o}").bytes()),
            }
        }
        assert_eq!(bytes(&text), Some(all));
        assert_eq!(bytes(b""), Some(Vec::new()));
        for odd in [&b"\\"[..], b"\\4", b"\\400", b"\\08x", b"\\x41"] {
            assert_eq!(bytes(odd), None);
        }
    }
}
