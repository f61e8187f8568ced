//! Moving abandoned records on.

use std::collections::BTreeSet;

use redis::Value;

use super::codec::micros;
use super::keys::strides;
use super::link::Link;
use super::script::{Script, ScriptCall};
use super::server::Redis;
use super::survey::addresses;
use crate::address::Address;
use crate::store::remote::failure::DriverFault;
use crate::store::{Sweep, SweepCount};

/// How many buckets are asked at once.
const STRIDE: usize = 256;

/// Asks all indexes for lapsed leases, some hundred indexes in a pipeline, and moves what they name, each by a script
/// that looks at the record again.
pub(super) async fn sweep(redis: &Redis, link: &mut Link, sweep: &Sweep) -> Result<SweepCount, DriverFault> {
    let mut count = SweepCount::default();
    // Of nodes that are down: the others are swept all the same.
    let mut failed = None;
    for buckets in strides(0, STRIDE) {
        // Bucket, and how many of its lapsed leases are to be passed over.
        let mut asked: Vec<(usize, usize)> = buckets.map(|bucket| (bucket, 0)).collect();
        while !asked.is_empty() {
            let left = sweep.limit.saturating_sub(count.unknown + count.released);
            if left == 0 {
                return Ok(count);
            }
            let calls =
                asked.iter().map(|(bucket, passed)| due(redis, sweep, *bucket, *passed, left)).collect();
            let mut lapsed: Vec<(usize, Address)> = Vec::new();
            for (reply, at) in link.put(calls, None).await.into_iter().zip(0..) {
                match reply {
                    Ok(reply) => lapsed.extend(addresses(&reply).map(|address| (at, address))),
                    Err(fault) => failed = Some(fault),
                }
            }
            let all = lapsed.len() <= left;
            // Also those whose addresses find no room below: the others may all stay.
            let had: BTreeSet<usize> = lapsed.iter().map(|(at, _)| *at).collect();
            lapsed.truncate(left);
            let stuck = step(redis, link, sweep, &lapsed, &mut count, &mut failed).await;
            // Those that cannot be moved, of a newer format or another namespace, must not hide the others for ever.
            asked = if all && stuck.is_empty() { Vec::new() } else { pass_over(&asked, &had, &stuck) };
        }
    }
    match failed {
        Some(fault) if count == SweepCount::default() => Err(fault),
        // What was moved is moved, and must be told.
        _ => Ok(count),
    }
}

fn due(redis: &Redis, sweep: &Sweep, bucket: usize, passed: usize, left: usize) -> ScriptCall {
    let mut cmd = Script::Due.call(&[redis.keys.index(bucket)]);
    cmd.arg(micros(sweep.grace)).arg(passed).arg(left.min(STRIDE));
    ScriptCall { cmd, slot: redis.keys.slot(bucket), script: Some(Script::Due) }
}

/// Gives back, by their places in the list of buckets, those that stayed.
async fn step(
    redis: &Redis,
    link: &mut Link,
    sweep: &Sweep,
    lapsed: &[(usize, Address)],
    count: &mut SweepCount,
    failed: &mut Option<DriverFault>,
) -> Vec<usize> {
    let mut stuck = Vec::new();
    for some in lapsed.chunks(STRIDE) {
        let calls = some.iter().map(|(_, address)| {
            let mut call = redis.on(Script::Sweep, *address);
            call.cmd.arg(micros(sweep.grace)).arg(micros(sweep.retention)).arg(sweep.namespace.as_str());
            call
        });
        for (reply, (at, _)) in link.put(calls.collect(), None).await.into_iter().zip(some) {
            match reply {
                Ok(Value::Int(4)) => count.unknown += 1,
                Ok(Value::Int(3)) => count.released += 1,
                Ok(_) => stuck.push(*at),
                Err(fault) => *failed = Some(fault),
            }
        }
    }
    stuck
}

/// The buckets that had something, to be asked for more.
fn pass_over(asked: &[(usize, usize)], had: &BTreeSet<usize>, stuck: &[usize]) -> Vec<(usize, usize)> {
    let stayed = |at: usize| stuck.iter().filter(|of| **of == at).count();
    let asked = asked.iter().enumerate().filter(|(at, _)| had.contains(at));
    asked.map(|(at, (bucket, passed))| (*bucket, passed + stayed(at))).collect()
}
