//! A JSON body fingerprinted by meaning: member order and white space do not count, numbers keep their lexemes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON text that fingerprints as its canonical form: for `fingerprint = CanonicalJson::new(&body)`.
///
/// Members are sorted, white space and string escapes are normalised, and a number stays as it was written, so
/// `9007199254740993` is not `9007199254740992` and `1` is not `1.0`. A member that stands twice in one object is
/// refused, for readers differ on which of the two counts; so is nesting deeper than 128.
///
/// ```
/// use idem_core::{Fingerprint, fingerprint::CanonicalJson};
///
/// let of = |body: &[u8]| Fingerprint::of_value(&CanonicalJson::new(body).ignoring("ts"));
/// assert_eq!(of(br#"{"a":1,"b":"x","ts":5}"#), of(br#"{ "b": "x", "a": 1, "ts": 6 }"#));
/// assert_ne!(of(br#"{"a":9007199254740993}"#), of(br#"{"a":9007199254740992}"#));
/// assert!(of(br#"{"a":1,"a":1}"#).is_err());
/// ```
pub struct CanonicalJson<'a> {
    text: &'a [u8],
    ignored: Vec<Cow<'a, str>>,
}

/// Bounds the recursion, as `serde_json` does.
const DEPTH: usize = 128;

impl<'a> CanonicalJson<'a> {
    /// The JSON text `body`.
    #[must_use]
    pub fn new<B: AsRef<[u8]> + ?Sized>(body: &'a B) -> Self {
        Self { text: body.as_ref(), ignored: Vec::new() }
    }

    /// Leaves out the member `name` of the outermost object: a timestamp, a trace id.
    #[must_use]
    pub fn ignoring(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.ignored.push(name.into());
        self
    }
}

impl fmt::Debug for CanonicalJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CanonicalJson({} bytes)", self.text.len())
    }
}

impl Serialize for CanonicalJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_slice(self.text)
            .map_err(|error| S::Error::custom(format_args!("the body is not JSON: {error}")))?;
        let mut canonical = String::with_capacity(self.text.len());
        write(raw, &self.ignored, DEPTH, &mut canonical).map_err(S::Error::custom)?;
        serializer.serialize_str(&canonical)
    }
}

fn write(raw: &RawValue, ignored: &[Cow<'_, str>], depth: usize, out: &mut String) -> Result<(), String> {
    let text = raw.get();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(format!("the body is nested deeper than {DEPTH}"));
    };
    match text.bytes().next() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(|error| error.to_string())?;
            out.push('{');
            for (name, value) in members.iter().filter(|(name, _)| !ignored.contains(name)) {
                push_string(name, out)?;
                out.push(':');
                write(value, &[], depth, out)?;
                out.push(',');
            }
            out.push('}');
        }
        Some(b'[') => {
            let Elements(elements) = serde_json::from_str(text).map_err(|error| error.to_string())?;
            out.push('[');
            for value in elements {
                write(value, &[], depth, out)?;
                out.push(',');
            }
            out.push(']');
        }
        Some(b'"') => {
            let string: Cow<'_, str> = serde_json::from_str(text).map_err(|error| error.to_string())?;
            push_string(&string, out)?;
        }
        _ => out.push_str(text),
    }
    Ok(())
}

fn push_string(string: &str, out: &mut String) -> Result<(), String> {
    out.push_str(&serde_json::to_string(string).map_err(|error| error.to_string())?);
    Ok(())
}

struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom("an object has the same member twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Elements<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Self::Value, S::Error> {
                let mut elements = Vec::new();
                while let Some(value) = seq.next_element()? {
                    elements.push(value);
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Result<String, String> {
        serde_json::to_value(CanonicalJson::new(text))
            .map(|v| v.as_str().unwrap().to_owned())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn meaning_counts_and_spelling_does_not() {
        assert_eq!(canonical(r#"{"b":[1, 2.50],"a":"\u0041"}"#), canonical(r#" {"a":"A", "b":[1,2.50]} "#));
        assert_ne!(canonical("1"), canonical("1.0"));
        assert_ne!(canonical("[1,2]"), canonical("[2,1]"));
        // A duplicate is found after its escapes are resolved, at any depth.
        assert!(canonical(r#"{"x":{"a":1,"\u0061":2}}"#).unwrap_err().contains("twice"));
        assert!(canonical("{").unwrap_err().contains("not JSON"));
        assert!(canonical(&"[".repeat(500)).is_err());
        assert!(canonical(&format!("{}{}", "[".repeat(200), "]".repeat(200))).is_err());
    }
}
