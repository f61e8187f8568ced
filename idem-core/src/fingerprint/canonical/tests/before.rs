//! The algorithm that was there before: it reads each value again at every level around it. Fingerprints in stores were
//! made by it, so what it accepts must keep its canonical form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::visit;

const DEPTH: usize = 128;

pub(super) fn canonical(text: &[u8], ignored: &[Cow<'_, str>]) -> Result<String, String> {
    let raw: &RawValue = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut canonical = String::new();
    write(raw, ignored, DEPTH, &mut canonical)?;
    Ok(canonical)
}

fn write(raw: &RawValue, ignored: &[Cow<'_, str>], depth: usize, out: &mut String) -> Result<(), String> {
    let text = raw.get();
    visit(text.len());
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
