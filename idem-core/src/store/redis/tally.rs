//! What waits, counted.
//!
//! All of it stands in the indexes, and namespace and fence of a record in the record: so the indexes are read, some at a
//! time, and then the beginning of each record that they name.

use redis::{Cmd, Value};

use super::codec::Glimpse;
use super::fault;
use super::keys::strides;
use super::link::Link;
use super::script::ScriptCall;
use super::server::Redis;
use super::survey::{READ, STRIDE, addresses, glimpses};
use crate::address::Address;
use crate::clock::Timestamp;
use crate::protocol::{Namespace, StateKind, Tally};
use crate::store::remote::failure::DriverFault;

pub(super) async fn tally(redis: &Redis, link: &mut Link, of: &Namespace) -> Result<Tally, DriverFault> {
    let mut tally = Tally::default();
    for buckets in strides(0, STRIDE) {
        let calls = buckets.map(|bucket| index(redis, bucket)).collect();
        let mut met: Vec<Address> = Vec::new();
        for reply in link.put(calls, None).await {
            met.extend(addresses(&reply?));
        }
        for some in met.chunks(READ) {
            glimpses(redis, link, some, |_, glimpse| take(&mut tally, &glimpse, of)).await?;
        }
    }
    // Last, so that no record is younger.
    tally.clock = Some(clock(redis, link).await?);
    Ok(tally)
}

fn take(tally: &mut Tally, glimpse: &Glimpse, of: &Namespace) {
    let Some(state) = StateKind::from_u8(glimpse.state) else { return };
    if glimpse.namespace.as_ref().is_some_and(|namespace| namespace != of) {
        return;
    }
    tally.add(state, 1);
    if let (StateKind::Unknown, Some(claimed)) = (state, glimpse.claimed) {
        tally.meet_unknown(claimed);
    }
}

/// All that stands in an index.
fn index(redis: &Redis, bucket: usize) -> ScriptCall {
    let mut cmd = Cmd::new();
    cmd.arg("ZRANGEBYSCORE").arg(redis.keys.index(bucket)).arg("-inf").arg("+inf");
    ScriptCall { cmd, slot: redis.keys.slot(bucket), script: None }
}

/// In a cluster, the clock of one of the nodes.
async fn clock(redis: &Redis, link: &mut Link) -> Result<Timestamp, DriverFault> {
    let mut cmd = Cmd::new();
    cmd.arg("TIME");
    let call = ScriptCall { cmd, slot: redis.keys.slot(0), script: None };
    let reply = link.put(vec![call], None).await.pop().unwrap_or_else(|| Err(fault::odd()))?;
    let Value::Array(parts) = reply else { return Err(fault::odd()) };
    let number = |part: &Value| match part {
        Value::BulkString(text) => std::str::from_utf8(text).ok()?.parse::<u64>().ok(),
        _ => None,
    };
    match *parts.iter().filter_map(number).collect::<Vec<_>>() {
        [seconds, micros] => {
            Ok(Timestamp::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros)))
        }
        _ => Err(fault::odd()),
    }
}
