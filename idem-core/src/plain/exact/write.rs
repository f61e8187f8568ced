//! From a value to bytes.

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::fault::{DEEPEST, ExactError};
use super::float::{double_survives_json, single_survives_json};
use super::tag::Tag;

/// A value that is written.
pub(in crate::plain) struct Written {
    pub(in crate::plain) bytes: Vec<u8>,
    /// False if JSON certainly tells less. True leaves open whether the type reads its own JSON.
    pub(in crate::plain) fits_json: bool,
}

/// # Errors
/// [`ExactError::Refused`] by the type's own code, or a limit.
pub(in crate::plain) fn write<T: Serialize + ?Sized>(value: &T) -> Result<Written, ExactError> {
    let mut writer = Writer { bytes: Vec::new(), fits_json: true, depth: 0 };
    value.serialize(&mut writer)?;
    Ok(Written { bytes: writer.bytes, fits_json: writer.fits_json })
}

#[derive(Debug)]
struct Writer {
    bytes: Vec<u8>,
    fits_json: bool,
    depth: usize,
}

impl Writer {
    fn tag(&mut self, tag: Tag) {
        self.bytes.push(tag as u8);
    }

    fn put(&mut self, tag: Tag, bytes: &[u8]) {
        self.tag(tag);
        self.bytes.extend_from_slice(bytes);
    }

    fn counted(&mut self, tag: Tag, bytes: &[u8]) -> Result<(), ExactError> {
        let length = u32::try_from(bytes.len()).map_err(|_| ExactError::TooLong)?;
        self.put(tag, &length.to_be_bytes());
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn begin(&mut self, tag: Tag) -> Result<(), ExactError> {
        self.tag(tag);
        self.down()
    }

    fn down(&mut self) -> Result<(), ExactError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(ExactError::TooDeep) } else { Ok(()) }
    }

    /// One level up again. After an error the depth does not matter: the error ends the whole value.
    fn up(&mut self) {
        self.depth -= 1;
    }

    fn variant(&mut self, name: &str) -> Result<(), ExactError> {
        self.counted(Tag::Variant, name.as_bytes())?;
        self.down()
    }
}

/// What ends with a tag.
struct Open<'w> {
    writer: &'w mut Writer,
    /// Of a variant, which is one deeper.
    levels: usize,
}

impl Open<'_> {
    fn one<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ExactError> {
        value.serialize(&mut *self.writer)
    }

    fn named<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), ExactError> {
        self.writer.counted(Tag::Str, name.as_bytes())?;
        self.one(value)
    }

    fn close(self) {
        self.writer.tag(Tag::End);
        for _ in 0..self.levels {
            self.writer.up();
        }
    }
}

macro_rules! integers {
    ($($method:ident($type:ty))*) => {$(
        fn $method(self, value: $type) -> Result<(), ExactError> {
            self.serialize_i128(i128::from(value))
        }
    )*};
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = ExactError;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Open<'w>;
    type SerializeTupleStruct = Open<'w>;
    type SerializeTupleVariant = Open<'w>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Open<'w>;
    type SerializeStructVariant = Open<'w>;

    integers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
    }

    fn serialize_i128(self, value: i128) -> Result<(), ExactError> {
        if let Ok(small) = u64::try_from(value) {
            self.put(Tag::U64, &small.to_be_bytes());
        } else if let Ok(small) = i64::try_from(value) {
            self.put(Tag::I64, &small.to_be_bytes());
        } else {
            self.put(Tag::I128, &value.to_be_bytes());
        }
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), ExactError> {
        match i128::try_from(value) {
            Ok(value) => self.serialize_i128(value),
            Err(_) => {
                self.put(Tag::U128, &value.to_be_bytes());
                Ok(())
            }
        }
    }

    fn serialize_bool(self, value: bool) -> Result<(), ExactError> {
        self.tag(if value { Tag::True } else { Tag::False });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), ExactError> {
        self.fits_json &= single_survives_json(value);
        self.put(Tag::F32, &value.to_bits().to_be_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), ExactError> {
        self.fits_json &= double_survives_json(value);
        self.put(Tag::F64, &value.to_bits().to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), ExactError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), ExactError> {
        self.counted(Tag::Str, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), ExactError> {
        self.counted(Tag::Bytes, value)
    }

    fn serialize_none(self) -> Result<(), ExactError> {
        self.tag(Tag::None);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ExactError> {
        self.begin(Tag::Some)?;
        let at = self.bytes.len();
        value.serialize(&mut *self)?;
        if let Some(&within) = self.bytes.get(at) {
            self.fits_json &= !Tag::of(within)?.is_null();
        }
        self.up();
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), ExactError> {
        self.tag(Tag::Unit);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ExactError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), ExactError> {
        self.counted(Tag::UnitVariant, variant.as_bytes())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), ExactError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), ExactError> {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.up();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w>, ExactError> {
        self.begin(Tag::Seq)?;
        Ok(Open { writer: self, levels: 1 })
    }

    fn serialize_tuple(self, length: usize) -> Result<Open<'w>, ExactError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Open<'w>, ExactError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, ExactError> {
        self.variant(variant)?;
        self.begin(Tag::Seq)?;
        Ok(Open { writer: self, levels: 2 })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w>, ExactError> {
        self.begin(Tag::Map)?;
        Ok(Open { writer: self, levels: 1 })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Open<'w>, ExactError> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, ExactError> {
        self.variant(variant)?;
        self.begin(Tag::Map)?;
        Ok(Open { writer: self, levels: 2 })
    }
}

macro_rules! sequences {
    ($($trait:ident::$method:ident)*) => {$(
        impl ser::$trait for Open<'_> {
            type Ok = ();
            type Error = ExactError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ExactError> {
                self.one(value)
            }

            fn end(self) -> Result<(), ExactError> {
                self.close();
                Ok(())
            }
        }
    )*};
}
sequences! {
    SerializeSeq::serialize_element SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field
}

macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Open<'_> {
            type Ok = ();
            type Error = ExactError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), ExactError> {
                self.named(name, value)
            }

            fn end(self) -> Result<(), ExactError> {
                self.close();
                Ok(())
            }
        }
    )*};
}
structs!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = ExactError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ExactError> {
        self.one(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ExactError> {
        self.one(value)
    }

    fn end(self) -> Result<(), ExactError> {
        self.close();
        Ok(())
    }
}
