//! From bytes to a value, as lenient as JSON about what a type became since.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use super::fault::{DEEPEST, ExactError};
use super::tag::Tag;

/// # Errors
/// [`ExactError::Refused`] by the type's own code, or the bytes are not what [`write`](super::write()) wrote.
pub(in crate::plain) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ExactError> {
    let mut reader = Reader { rest: bytes, depth: 0 };
    let value = T::deserialize(&mut reader)?;
    if reader.rest.is_empty() { Ok(value) } else { Err(ExactError::Damaged) }
}

#[derive(Debug)]
pub(super) struct Reader<'b> {
    pub(super) rest: &'b [u8],
    pub(super) depth: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn peek(&self) -> Result<Tag, ExactError> {
        Tag::of(*self.rest.first().ok_or(ExactError::Damaged)?)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], ExactError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(ExactError::Damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn tag(&mut self) -> Result<Tag, ExactError> {
        let tag = self.peek()?;
        self.take(1)?;
        Ok(tag)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ExactError> {
        self.take(N)?.try_into().map_err(|_| ExactError::Damaged)
    }

    pub(super) fn counted(&mut self) -> Result<&'b [u8], ExactError> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(usize::try_from(length).map_err(|_| ExactError::Damaged)?)
    }

    fn text(&mut self) -> Result<&'b str, ExactError> {
        std::str::from_utf8(self.counted()?).map_err(|_| ExactError::Damaged)
    }

    fn end(&mut self) -> Result<(), ExactError> {
        if self.tag()? == Tag::End { Ok(()) } else { Err(ExactError::Damaged) }
    }

    /// Reads what is one level deeper.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExactError>,
    ) -> Result<T, ExactError> {
        if self.depth >= DEEPEST {
            return Err(ExactError::TooDeep);
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Skips `Some`, for a type that asks for what is in it.
    fn bare(&mut self) -> Result<(), ExactError> {
        while self.peek()? == Tag::Some {
            self.tag()?;
        }
        Ok(())
    }
}

impl<'b> Deserializer<'b> for &mut Reader<'b> {
    type Error = ExactError;

    /// As JSON would tell it, but for a `Some` around a null, which is told as what it is.
    fn deserialize_any<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, ExactError> {
        match self.tag()? {
            Tag::None | Tag::Unit => visitor.visit_unit(),
            Tag::Some => match self.peek()? {
                Tag::None | Tag::Unit | Tag::Some => self.deeper(|within| visitor.visit_some(within)),
                _ => self.deserialize_any(visitor),
            },
            Tag::False => visitor.visit_bool(false),
            Tag::True => visitor.visit_bool(true),
            Tag::U64 => visitor.visit_u64(u64::from_be_bytes(self.array()?)),
            Tag::I64 => visitor.visit_i64(i64::from_be_bytes(self.array()?)),
            Tag::U128 => visitor.visit_u128(u128::from_be_bytes(self.array()?)),
            Tag::I128 => visitor.visit_i128(i128::from_be_bytes(self.array()?)),
            Tag::F32 => visitor.visit_f32(f32::from_bits(u32::from_be_bytes(self.array()?))),
            Tag::F64 => visitor.visit_f64(f64::from_bits(u64::from_be_bytes(self.array()?))),
            Tag::Str | Tag::UnitVariant => visitor.visit_borrowed_str(self.text()?),
            Tag::Bytes => visitor.visit_borrowed_bytes(self.counted()?),
            Tag::Seq => self.deeper(|within| {
                let value = visitor.visit_seq(Entries(&mut *within))?;
                within.end()?;
                Ok(value)
            }),
            Tag::Map => self.deeper(|within| {
                let value = visitor.visit_map(Entries(&mut *within))?;
                within.end()?;
                Ok(value)
            }),
            Tag::Variant => {
                let name = self.text()?;
                self.deeper(|within| visitor.visit_map(Single { name: Some(name), reader: within }))
            }
            Tag::End => Err(ExactError::Damaged),
        }
    }

    fn deserialize_option<V: Visitor<'b>>(self, visitor: V) -> Result<V::Value, ExactError> {
        match self.peek()? {
            Tag::None | Tag::Unit => {
                self.tag()?;
                visitor.visit_none()
            }
            Tag::Some => {
                self.tag()?;
                self.deeper(|within| visitor.visit_some(within))
            }
            // Of a type that was no `Option` when it was written.
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'b>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ExactError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'b>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ExactError> {
        self.bare()?;
        match self.tag()? {
            Tag::Str | Tag::UnitVariant => visitor.visit_enum(BorrowedStrDeserializer::new(self.text()?)),
            Tag::Variant => {
                let name = self.text()?;
                self.deeper(|within| visitor.visit_enum(Variant { name, reader: within }))
            }
            // As a type's own code may write it, for JSON.
            Tag::Map => self.deeper(|within| {
                if within.tag()? != Tag::Str {
                    return Err(ExactError::Refused);
                }
                let name = within.text()?;
                let value = visitor.visit_enum(Variant { name, reader: &mut *within })?;
                within.end()?;
                Ok(value)
            }),
            _ => Err(ExactError::Refused),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'b>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// Up to `End`, which is left.
struct Entries<'r, 'b>(&'r mut Reader<'b>);

impl<'b> SeqAccess<'b> for Entries<'_, 'b> {
    type Error = ExactError;

    fn next_element_seed<T: DeserializeSeed<'b>>(&mut self, seed: T) -> Result<Option<T::Value>, ExactError> {
        if self.0.peek()? == Tag::End {
            return Ok(None);
        }
        seed.deserialize(&mut *self.0).map(Some)
    }
}

impl<'b> MapAccess<'b> for Entries<'_, 'b> {
    type Error = ExactError;

    fn next_key_seed<K: DeserializeSeed<'b>>(&mut self, seed: K) -> Result<Option<K::Value>, ExactError> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'b>>(&mut self, seed: V) -> Result<V::Value, ExactError> {
        seed.deserialize(&mut *self.0)
    }
}

/// A variant as the map of one entry that it is in JSON.
struct Single<'r, 'b> {
    name: Option<&'b str>,
    reader: &'r mut Reader<'b>,
}

impl<'b> MapAccess<'b> for Single<'_, 'b> {
    type Error = ExactError;

    fn next_key_seed<K: DeserializeSeed<'b>>(&mut self, seed: K) -> Result<Option<K::Value>, ExactError> {
        self.name.take().map(|name| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'b>>(&mut self, seed: V) -> Result<V::Value, ExactError> {
        seed.deserialize(&mut *self.reader)
    }
}

struct Variant<'r, 'b> {
    name: &'b str,
    reader: &'r mut Reader<'b>,
}

impl<'b> EnumAccess<'b> for Variant<'_, 'b> {
    type Error = ExactError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'b>>(self, seed: V) -> Result<(V::Value, Self), ExactError> {
        let name = seed.deserialize(BorrowedStrDeserializer::<ExactError>::new(self.name))?;
        Ok((name, self))
    }
}

impl<'b> VariantAccess<'b> for Variant<'_, 'b> {
    type Error = ExactError;

    fn unit_variant(self) -> Result<(), ExactError> {
        Deserialize::deserialize(self.reader)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'b>>(self, seed: T) -> Result<T::Value, ExactError> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'b>>(self, _: usize, visitor: V) -> Result<V::Value, ExactError> {
        self.reader.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'b>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ExactError> {
        self.reader.deserialize_any(visitor)
    }
}
