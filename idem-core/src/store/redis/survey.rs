//! What operators see: records by state.
//!
//! What is running, unknown, unwinding or stuck stands in the indexes. Done and released records do not: they vanish by
//! themselves. To see these the whole key space is scanned. The namespace of a record stands in the record, so each
//! record that is met is looked at.

use std::collections::BTreeSet;

use redis::{Cmd, Value};

use super::codec::{self, Glimpse};
use super::fault;
use super::keys::{bucket, strides};
use super::link::Link;
use super::script::ScriptCall;
use super::server::Redis;
use crate::address::Address;
use crate::protocol::StateKind;
use crate::store::remote::failure::{DriverFault, Failure};
use crate::store::{Count, Entry, Page};

/// How many indexes are asked at once.
pub(super) const STRIDE: usize = 128;
/// How many records are read at once.
pub(super) const READ: usize = 256;
/// How many keys `SCAN` looks at.
const SCANNED: usize = 1000;

/// The place in the index of a state without a lease: below all leases.
pub(super) fn rank(state: StateKind) -> i64 {
    -i64::from(state.as_u8())
}

pub(super) async fn count(redis: &Redis, link: &mut Link, asked: &Count) -> Result<u64, DriverFault> {
    let mut count = 0;
    if vanishes(asked.state) {
        scan(redis, link, asked, |_| true, |_| count += 1).await?;
        return Ok(count);
    }
    for buckets in strides(0, STRIDE) {
        let calls = buckets.map(|bucket| index(redis, bucket, asked.state)).collect();
        for reply in link.put(calls, None).await {
            let found: Vec<Address> = addresses(&reply?).collect();
            for some in found.chunks(READ) {
                glimpse(redis, link, asked, some, |_| count += 1).await?;
            }
        }
    }
    Ok(count)
}

/// Meets those of the addresses at which a record is that is asked about.
async fn glimpse(
    redis: &Redis,
    link: &mut Link,
    asked: &Count,
    addresses: &[Address],
    mut meet: impl FnMut(Address),
) -> Result<(), DriverFault> {
    let meet = |address, Glimpse { state, namespace, .. }: Glimpse| {
        if state == asked.state.as_u8() && namespace.is_none_or(|namespace| namespace == asked.namespace) {
            meet(address);
        }
    };
    glimpses(redis, link, addresses, meet).await
}

/// Looks at the beginnings of records.
pub(super) async fn glimpses(
    redis: &Redis,
    link: &mut Link,
    addresses: &[Address],
    mut meet: impl FnMut(Address, Glimpse),
) -> Result<(), DriverFault> {
    let calls = addresses.iter().map(|address| {
        let mut call = redis.plain("GETRANGE", *address);
        call.cmd.arg(0).arg(codec::GLIMPSE - 1);
        call
    });
    for (reply, address) in link.put(calls.collect(), None).await.into_iter().zip(addresses) {
        let Value::BulkString(bytes) = reply? else { continue };
        if let Some(glimpse) = Glimpse::of(&bytes) {
            meet(*address, glimpse);
        }
    }
    Ok(())
}

pub(super) async fn list(redis: &Redis, link: &mut Link, page: &Page) -> Result<Vec<Entry>, DriverFault> {
    let mut entries = Vec::new();
    if vanishes(page.state) {
        let addresses = lowest(redis, link, page).await?;
        read(redis, link, page, &addresses, &mut entries).await?;
        return Ok(entries);
    }
    // Buckets are in the order of addresses.
    for buckets in strides(page.after.map_or(0, bucket), STRIDE) {
        let calls = buckets.map(|bucket| index(redis, bucket, page.state)).collect();
        let mut here: Vec<Address> = Vec::new();
        for reply in link.put(calls, None).await {
            here.extend(addresses(&reply?).filter(|address| Some(*address) > page.after));
        }
        here.sort_unstable();
        read(redis, link, page, &here, &mut entries).await?;
        if entries.len() >= page.limit {
            break;
        }
    }
    Ok(entries)
}

/// Adds the records that are in the state until the page is full.
async fn read(
    redis: &Redis,
    link: &mut Link,
    page: &Page,
    addresses: &[Address],
    entries: &mut Vec<Entry>,
) -> Result<(), DriverFault> {
    for some in addresses.chunks(READ.min(page.limit)) {
        let calls = some.iter().map(|address| redis.plain("GET", *address)).collect();
        for (reply, address) in link.put(calls, None).await.into_iter().zip(some) {
            // Nothing: it vanished meanwhile.
            let Value::BulkString(bytes) = reply? else { continue };
            let record = codec::decode(&bytes, *address)
                .map_err(|error| DriverFault::Refused(Failure::new(error.kind(), error.to_string())))?;
            let wanted = record.state.kind() == page.state && page.namespace.sees(&record);
            if wanted && entries.len() < page.limit {
                entries.push(Entry { address: *address, record });
            }
        }
        if entries.len() >= page.limit {
            break;
        }
    }
    Ok(())
}

/// The addresses of a page of records that are in no index.
async fn lowest(redis: &Redis, link: &mut Link, page: &Page) -> Result<Vec<Address>, DriverFault> {
    // Shared by two closures that take turns.
    let lowest = std::sync::Mutex::new(BTreeSet::new());
    let lock = || lowest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let wanted = |address: Address| {
        let lowest = lock();
        let full = lowest.len() >= page.limit;
        Some(address) > page.after && !(full && lowest.last().is_some_and(|last| address > *last))
    };
    let keep = |address: Address| {
        let mut lowest = lock();
        lowest.insert(address);
        if lowest.len() > page.limit {
            let _highest = lowest.pop_last();
        }
    };
    let asked = Count { namespace: page.namespace.clone(), state: page.state };
    scan(redis, link, &asked, wanted, keep).await?;
    let addresses = lock().iter().copied().collect();
    Ok(addresses)
}

/// Goes over the records of a state, in no order. One may be met twice while Redis rearranges its keys.
async fn scan(
    redis: &Redis,
    link: &mut Link,
    asked: &Count,
    wanted: impl Fn(Address) -> bool,
    mut meet: impl FnMut(Address),
) -> Result<(), DriverFault> {
    for slot in link.masters().await? {
        let mut cursor = b"0".to_vec();
        loop {
            let mut cmd = Cmd::new();
            cmd.arg("SCAN").arg(&cursor).arg("MATCH").arg(redis.keys.pattern()).arg("COUNT").arg(SCANNED);
            let reply = link.put(vec![ScriptCall { cmd, slot, script: None }], None).await.pop();
            let reply = reply.unwrap_or_else(|| Err(fault::odd()))?;
            let Value::Array(parts) = reply else { return Err(fault::odd()) };
            let [Value::BulkString(next), Value::Array(keys)] = parts.as_slice() else {
                return Err(fault::odd());
            };
            let found = keys.iter().filter_map(|key| match key {
                Value::BulkString(key) => redis.keys.address(key),
                _ => None,
            });
            let found: Vec<Address> = found.filter(|address| wanted(*address)).collect();
            glimpse(redis, link, asked, &found, &mut meet).await?;
            if next == b"0" {
                break;
            }
            cursor.clone_from(next);
        }
    }
    Ok(())
}

const fn vanishes(state: StateKind) -> bool {
    matches!(state, StateKind::Done | StateKind::Released)
}

/// A question to an index about a state.
fn index(redis: &Redis, bucket: usize, state: StateKind) -> ScriptCall {
    let mut cmd = Cmd::new();
    cmd.arg("ZRANGEBYSCORE").arg(redis.keys.index(bucket));
    if state == StateKind::Running {
        cmd.arg(0).arg("+inf");
    } else {
        cmd.arg(rank(state)).arg(rank(state));
    }
    ScriptCall { cmd, slot: redis.keys.slot(bucket), script: None }
}

/// The addresses that an index gave.
pub(super) fn addresses(reply: &Value) -> impl Iterator<Item = Address> {
    let members: &[Value] = match reply {
        Value::Array(members) => members,
        _ => &[],
    };
    members.iter().filter_map(|member| match member {
        Value::BulkString(member) => member.as_slice().try_into().ok().map(Address::from_bytes),
        _ => None,
    })
}
