//! What a function answers comes back from its record, or is refused when it is written.

#![expect(clippy::option_option, reason = "a result may be one")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;

use fastrand::Rng;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::{Arm, decode, encode, kept, open, reply};
use crate::refused::UnavailableResult;
use crate::reply::{Format, Reply};

/// The reply of `value`, as a call writes it.
fn written<T: Serialize + DeserializeOwned>(value: &T) -> Reply {
    kept(|| encode(Arm::Ok, value), usize::MAX)
}

fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, UnavailableResult> {
    open(reply).and_then(|(_, value)| decode(value))
}

/// `Debug` tells floats apart to the bit, signs of zero included, and NaN equal to itself.
#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + Debug>(value: &T) -> Format {
    let reply = written(value);
    assert_eq!(reply.why_unavailable(), None, "{value:?}");
    let again: T = read(&reply).expect("readable");
    assert_eq!(format!("{again:?}"), format!("{value:?}"));
    match reply.as_bytes()[0] {
        3 => Format::Value,
        5 => Format::ExactValue,
        other => panic!("format {other}"),
    }
}

#[track_caller]
fn is_refused<T: Serialize + DeserializeOwned + Debug>(value: &T) {
    assert_eq!(written(value).why_unavailable(), Some(UnavailableResult::NotSerialisable), "{value:?}");
}

trait Made {
    fn made(rng: &mut Rng, depth: u32) -> Self;
}

macro_rules! numbers {
    ($($type:ident)*) => {$(
        impl Made for $type {
            fn made(rng: &mut Rng, _: u32) -> Self {
                match rng.u8(..4) {
                    0 => Self::MIN,
                    1 => Self::MAX,
                    2 => 0,
                    _ => rng.$type(..),
                }
            }
        }
    )*};
}
numbers!(u8 i64 u64 i128 u128);

impl Made for f64 {
    fn made(rng: &mut Rng, _: u32) -> Self {
        match rng.u8(..6) {
            0 => *rng.choice(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX]).expect("one"),
            1 => f64::from(rng.i32(..)) / 100.0,
            2 => rng.f64() * 1e5,
            _ => {
                let float = f64::from_bits(rng.u64(..));
                if float.is_nan() { f64::NAN } else { float }
            }
        }
    }
}

impl Made for f32 {
    fn made(rng: &mut Rng, _: u32) -> Self {
        let float = f32::from_bits(rng.u32(..));
        if float.is_nan() { f32::NAN } else { float }
    }
}

impl Made for () {
    fn made(_: &mut Rng, _: u32) -> Self {}
}

impl Made for bool {
    fn made(rng: &mut Rng, _: u32) -> Self {
        rng.bool()
    }
}

impl Made for char {
    fn made(rng: &mut Rng, _: u32) -> Self {
        rng.char(..)
    }
}

impl Made for String {
    fn made(rng: &mut Rng, _: u32) -> Self {
        (0..rng.usize(..4)).map(|_| rng.char(..)).collect()
    }
}

impl<T: Made> Made for Option<T> {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        rng.bool().then(|| T::made(rng, depth))
    }
}

impl<T: Made> Made for Vec<T> {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        let most = if depth > 3 { 1 } else { 4 };
        (0..rng.usize(..most)).map(|_| T::made(rng, depth + 1)).collect()
    }
}

impl<K: Made + Ord, V: Made> Made for BTreeMap<K, V> {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        (0..rng.usize(..4)).map(|_| (K::made(rng, depth + 1), V::made(rng, depth + 1))).collect()
    }
}

impl<A: Made, B: Made> Made for (A, B) {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        (A::made(rng, depth), B::made(rng, depth))
    }
}

macro_rules! structs {
    ($($(#[$meta:meta])* struct $name:ident { $($(#[$of:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Serialize, Deserialize)]
        struct $name { $($(#[$of])* $field: $type,)* }

        impl Made for $name {
            fn made(rng: &mut Rng, depth: u32) -> Self {
                Self { $($field: Made::made(rng, depth + 1),)* }
            }
        }
    )*};
}
structs! {
    struct Inner {
        optional: Option<String>,
        amount: f64,
        many: Vec<Plain>,
    }
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u64>,
        #[serde(rename = "an other")]
        renamed: BTreeMap<u64, Option<()>>,
        small: f32,
        letter: char,
    }
    struct Everything {
        outer: Outer,
        plain: Plain,
        tagged: Tagged,
        adjacent: Adjacent,
        untagged: Untagged,
        nested: Option<Option<Option<u8>>>,
        wide: (u128, i128),
        keys: BTreeMap<(u8, bool), f64>,
        chosen: BTreeMap<Option<u8>, Plain>,
        unit: Unit,
        new: New,
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Unit;

impl Made for Unit {
    fn made(_: &mut Rng, _: u32) -> Self {
        Self
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct New(Option<Unit>);

impl Made for New {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        Self(Made::made(rng, depth))
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum Plain {
    Unit,
    New(Option<()>),
    Tuple(f64, Option<Option<u8>>),
    Struct { deep: Vec<Plain>, size: f32 },
}

impl Made for Plain {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..4) {
            0 => Self::Unit,
            1 => Self::New(Made::made(rng, depth)),
            2 => Self::Tuple(Made::made(rng, depth), Made::made(rng, depth)),
            _ => Self::Struct { deep: Made::made(rng, depth + 1), size: Made::made(rng, depth) },
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Unit,
    Struct { float: f64, plain: Plain },
    New(Inner),
}

impl Made for Tagged {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..3) {
            0 => Self::Unit,
            1 => Self::Struct { float: Made::made(rng, depth), plain: Made::made(rng, depth) },
            _ => Self::New(Made::made(rng, depth + 1)),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "what")]
enum Adjacent {
    Unit,
    New(Option<Option<f64>>),
    Tuple(u64, String),
}

impl Made for Adjacent {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..3) {
            0 => Self::Unit,
            1 => Self::New(Made::made(rng, depth)),
            _ => Self::Tuple(Made::made(rng, depth), Made::made(rng, depth)),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Float(f64),
    Text(String),
    Pair { a: u64, b: Option<f32> },
    Many(Vec<Option<Option<bool>>>),
}

impl Made for Untagged {
    fn made(rng: &mut Rng, depth: u32) -> Self {
        match rng.u8(..4) {
            0 => Self::Float(Made::made(rng, depth)),
            1 => Self::Text(Made::made(rng, depth)),
            2 => Self::Pair { a: Made::made(rng, depth), b: Made::made(rng, depth) },
            _ => Self::Many(Made::made(rng, depth)),
        }
    }
}

#[test]
fn every_answer_of_a_function_comes_back() {
    let mut rng = Rng::with_seed(20);
    let (mut json, mut exact) = (0, 0);
    for _ in 0..2000 {
        let mut count = |format| match format {
            Format::Value => json += 1,
            _ => exact += 1,
        };
        count(comes_back(&f64::made(&mut rng, 0)));
        count(comes_back(&<Option<Option<Option<()>>>>::made(&mut rng, 0)));
        count(comes_back(&Plain::made(&mut rng, 0)));
        count(comes_back(&Adjacent::made(&mut rng, 0)));
        count(comes_back(&Untagged::made(&mut rng, 0)));
        comes_back(&Tagged::made(&mut rng, 0));
        comes_back(&Outer::made(&mut rng, 0));
        comes_back(&Everything::made(&mut rng, 0));
    }
    assert!(json > 1000 && exact > 1000, "both forms are met: {json}, {exact}");
}

/// The examples that JSON changes, or does not write.
#[test]
fn what_json_would_change_is_written_in_the_exact_form() {
    for float in [57_871.409_318_936_596, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
        assert_eq!(comes_back(&float), Format::ExactValue, "{float}");
    }
    assert_eq!(comes_back(&f32::NAN), Format::ExactValue);
    assert_eq!(comes_back(&Some(())), Format::ExactValue);
    assert_eq!(comes_back(&Some(None::<u8>)), Format::ExactValue);
    assert_eq!(comes_back(&Some(Unit)), Format::ExactValue);
    assert_eq!(comes_back(&vec![Some(serde_json::Value::Null)]), Format::ExactValue);
    assert_eq!(comes_back(&BTreeMap::from([((1_u8, 2_u8), 3_u8)])), Format::ExactValue);
}

/// So that operators and the version before can read it.
#[test]
fn what_json_tells_is_json() {
    assert_eq!(comes_back(&()), Format::Value);
    assert_eq!(comes_back(&None::<Option<()>>), Format::Value);
    assert_eq!(comes_back(&(19.99, -0.0, 0.1_f32, u64::MAX, u128::MAX, i128::MIN)), Format::Value);
    assert_eq!(
        comes_back(&BTreeMap::from([(1_u64, "one"), (2, "two")].map(|(k, v)| (k, v.to_owned())))),
        Format::Value
    );
    assert_eq!(comes_back(&serde_json::json!({"a": [null, 1.5, {"b": "c"}]})), Format::Value);
    let table: HashMap<u32, String> = (0..100).map(|n| (n, n.to_string())).collect();
    assert_eq!(read::<HashMap<u32, String>>(&written(&table)).expect("readable"), table);
    let set: HashSet<u32> = (0..100).collect();
    assert_eq!(read::<HashSet<u32>>(&written(&set)).expect("readable"), set);
    assert_eq!(written(&"text".to_owned()).as_bytes(), b"\x03\x00\"text\"");
}

/// Of the version before: it is never refused for what this version would write otherwise.
#[test]
fn json_that_was_stored_before_is_read() {
    let stored = Reply::from(b"\x03\x00{\"Tuple\":[57871.409318936596,null]}".to_vec());
    assert!(matches!(read::<Plain>(&stored), Ok(Plain::Tuple(_, None))));
}

/// Writes one thing and reads another.
#[derive(Debug)]
struct Forgetful(u8);

impl Serialize for Forgetful {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

impl<'de> Deserialize<'de> for Forgetful {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Err(D::Error::custom("zero")),
            1 => panic!("one, as it was asked to"),
            number => Ok(Self(number & 0xf0)),
        }
    }
}

#[test]
fn what_its_own_type_does_not_read_back_is_refused_when_it_is_written() {
    assert_eq!(comes_back(&Forgetful(0x10)), Format::Value);
    for number in [0, 1, 0x11] {
        is_refused(&Forgetful(number));
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Chain(Option<Box<Chain>>);

#[test]
fn nesting_has_an_end_and_never_overflows_the_stack() {
    let chain = |length| (0..length).fold(Chain(None), |chain, _| Chain(Some(Box::new(chain))));
    comes_back(&chain(200));
    is_refused(&chain(2000));
    let mut deep = vec![5, 0];
    deep.resize(1 << 16, 13);
    assert!(read::<serde_json::Value>(&Reply::from(deep)).is_err());
}

#[test]
fn damaged_bytes_are_unreadable_and_never_panic() {
    let mut rng = Rng::with_seed(7);
    for _ in 0..200 {
        let whole = written(&(f64::NAN, Everything::made(&mut rng, 0)));
        let bytes = whole.as_bytes();
        assert!(read::<(f64, Everything)>(&Reply::from(bytes[..rng.usize(..bytes.len())].to_vec())).is_err());
        let mut changed = bytes.to_vec();
        let at = rng.usize(..changed.len());
        changed[at] ^= 1 << rng.u8(..8);
        let _any = read::<(f64, Everything)>(&Reply::from(changed));
    }
}

#[test]
fn a_result_is_kept_up_to_the_limit() {
    let text = "x".repeat(98);
    let write = || encode(Arm::Ok, &text);
    assert_eq!(kept(write, 100).why_unavailable(), None, "98 and two quotes");
    assert_eq!(kept(write, 99).why_unavailable(), Some(UnavailableResult::TooLarge));
}

#[test]
fn an_operators_reply_is_what_a_function_would_have_stored() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..200 {
        let value = Plain::made(&mut rng, 0);
        let replied = reply(&value).expect("serialisable");
        let again: Plain = read(&replied).expect("readable");
        assert_eq!(format!("{again:?}"), format!("{value:?}"));
    }
}
