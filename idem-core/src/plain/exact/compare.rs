//! Whether two written values are one.

use super::fault::ExactError;
use super::read::Reader;
use super::tag::Tag;

/// True if both say the same. The order of entries does not count, because a `HashMap` or `HashSet` that was read back
/// has another one.
pub(in crate::plain) fn same(one: &[u8], other: &[u8]) -> bool {
    one == other || matches!((sorted(one), sorted(other)), (Ok(one), Ok(other)) if one == other)
}

fn sorted(bytes: &[u8]) -> Result<Vec<u8>, ExactError> {
    value(&mut Reader { rest: bytes, depth: 0 })
}

fn value(reader: &mut Reader<'_>) -> Result<Vec<u8>, ExactError> {
    let whole = reader.rest;
    let tag = reader.tag()?;
    match tag {
        Tag::Seq | Tag::Map => return reader.deeper(|within| entries(tag, within)),
        Tag::Some | Tag::Variant => {
            if tag == Tag::Variant {
                reader.counted()?;
            }
            let mut bytes = since(whole, reader).to_vec();
            bytes.extend(reader.deeper(value)?);
            return Ok(bytes);
        }
        Tag::None | Tag::Unit | Tag::False | Tag::True => {}
        Tag::F32 => drop(reader.take(4)?),
        Tag::U64 | Tag::I64 | Tag::F64 => drop(reader.take(8)?),
        Tag::U128 | Tag::I128 => drop(reader.take(16)?),
        Tag::Str | Tag::Bytes | Tag::UnitVariant => drop(reader.counted()?),
        Tag::End => return Err(ExactError::Damaged),
    }
    Ok(since(whole, reader).to_vec())
}

fn since<'b>(whole: &'b [u8], reader: &Reader<'_>) -> &'b [u8] {
    whole.get(..whole.len() - reader.rest.len()).unwrap_or_default()
}

fn entries(tag: Tag, reader: &mut Reader<'_>) -> Result<Vec<u8>, ExactError> {
    let mut entries = Vec::new();
    while reader.peek()? != Tag::End {
        let mut entry = value(reader)?;
        if tag == Tag::Map {
            entry.extend(value(reader)?);
        }
        entries.push(entry);
    }
    reader.tag()?;
    entries.sort_unstable();
    let mut bytes = vec![tag as u8];
    bytes.extend(entries.into_iter().flatten());
    bytes.push(Tag::End as u8);
    Ok(bytes)
}
