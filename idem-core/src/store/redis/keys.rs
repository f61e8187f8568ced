//! Where records lie: their keys, and the slots of a cluster.
//!
//! A record's key is its bucket in braces and its address: `{idem:2a7}` and 32 bytes. The braces make a cluster put
//! all of a bucket into one slot, so that a script may touch a record and the bucket's index, which is `{idem:2a7}`
//! alone. The bucket is the first ten bits of the address, so buckets are in the order of addresses.

use std::fmt::Write as _;
use std::ops::Range;

use crate::address::Address;
use crate::store::{StoreError, StoreErrorKind};

/// How many buckets there are. Never to be changed: records would not be found any more.
pub(super) const BUCKETS: usize = 1024;

/// The longest prefix.
const LONGEST: usize = 32;

#[derive(Debug)]
pub(super) struct Keys {
    prefix: String,
    /// The indexes' keys, by bucket.
    indexes: Vec<String>,
    /// The slots, by bucket.
    slots: Vec<u16>,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Result<Self, StoreError> {
        let visible = prefix.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}'));
        if prefix.is_empty() || prefix.len() > LONGEST || !visible {
            return Err(StoreError::new(
                StoreErrorKind::Misconfigured,
                format!(
                    "the prefix {prefix:?} cannot be used: write 1 to {LONGEST} visible ASCII characters without braces"
                ),
            ));
        }
        let tag = |bucket| format!("{prefix}:{bucket:03x}");
        Ok(Self {
            prefix: prefix.to_owned(),
            indexes: (0..BUCKETS).map(|bucket| format!("{{{}}}", tag(bucket))).collect(),
            slots: (0..BUCKETS).map(|bucket| slot(tag(bucket).as_bytes())).collect(),
        })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn slot(&self, bucket: usize) -> u16 {
        self.slots.get(bucket).copied().unwrap_or_default()
    }

    pub(super) fn index(&self, bucket: usize) -> &[u8] {
        self.indexes.get(bucket).map_or(&[], |index| index.as_bytes())
    }

    pub(super) fn record(&self, address: Address) -> Vec<u8> {
        let index = self.index(bucket(address));
        let mut key = Vec::with_capacity(index.len() + 32);
        key.extend_from_slice(index);
        key.extend_from_slice(address.as_bytes());
        key
    }

    /// The address in a record's key; `None` for any other key.
    pub(super) fn address(&self, key: &[u8]) -> Option<Address> {
        let (start, address) = key.split_last_chunk::<32>()?;
        let address = Address::from_bytes(*address);
        (start == self.index(bucket(address))).then_some(address)
    }

    /// What lets a user of an ACL use all keys, records and indexes.
    pub(super) fn grant(&self) -> String {
        format!("~{}:*", self.literally())
    }

    /// A pattern for `SCAN` that all records' keys match.
    pub(super) fn pattern(&self) -> String {
        let mut pattern = self.literally();
        // Writing to a string cannot fail.
        let _ignored = write!(pattern, ":???}}*");
        pattern
    }

    /// The brace and the prefix, in a pattern.
    fn literally(&self) -> String {
        let mut pattern = String::from("{");
        for character in self.prefix.chars() {
            if matches!(character, '*' | '?' | '[' | ']' | '^' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern
    }
}

pub(super) fn bucket(address: Address) -> usize {
    let [first, second, ..] = *address.as_bytes();
    usize::from(u16::from_be_bytes([first, second]) >> 6)
}

/// All buckets, some at a time.
pub(super) fn strides(from: usize, stride: usize) -> impl Iterator<Item = Range<usize>> {
    (from..BUCKETS).step_by(stride).map(move |start| start..(start + stride).min(BUCKETS))
}

/// [The slot of a key](https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model):
/// CRC16 (XMODEM) of what stands in its braces.
fn slot(tag: &[u8]) -> u16 {
    let crc = tag.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % 16384
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot(b"123456789"), 0x31c3);
    }

    #[test]
    fn keys_lead_back_to_addresses() {
        let keys = Keys::new("idem").unwrap();
        for first in [0, 1, 0x7f, 0xff] {
            let mut bytes = [b'}'; 32];
            bytes[0] = first;
            let address = Address::from_bytes(bytes);
            assert_eq!(keys.address(&keys.record(address)), Some(address));
        }
        assert_eq!(keys.address(b"{idem:000}"), None);
        assert_eq!(keys.address(&[b'x'; 42]), None);
    }

    #[test]
    fn buckets_are_in_the_order_of_addresses() {
        assert_eq!(bucket(Address::from_bytes([0; 32])), 0);
        assert_eq!(bucket(Address::from_bytes([0xff; 32])), BUCKETS - 1);
    }

    #[test]
    fn buckets_are_spread_over_the_slots() {
        let mut slots = Keys::new("idem").unwrap().slots;
        slots.sort_unstable();
        slots.dedup();
        assert!(slots.len() > 900, "{}", slots.len());
    }

    #[test]
    fn odd_prefixes_are_refused_or_taken_literally() {
        for prefix in ["", "a b", "a{b", "}", "ä", &"x".repeat(33)] {
            assert_eq!(Keys::new(prefix).unwrap_err().kind(), StoreErrorKind::Misconfigured, "{prefix:?}");
        }
        assert_eq!(Keys::new("a*b").unwrap().pattern(), "{a\\*b:???}*");
    }
}
