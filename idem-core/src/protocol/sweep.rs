//! T7 and T9 without a caller: what becomes of records whose lease or life has ended.

use std::time::Duration;

use super::namespace::Namespace;
use super::record::{AfterCrash, Record, State};
use crate::clock::Timestamp;

/// What a sweep did with one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Swept {
    /// Not abandoned: left alone.
    Kept,
    /// Abandoned under [`AfterCrash::Unknown`]: no attempt may run until the record is settled.
    Unknown,
    /// Abandoned under [`AfterCrash::Rerun`]: free for the next caller, and reaped one retention later.
    Released,
}

/// Moves a running record on whose lease ended at least `grace` ago, as its owner asked for. A record of another
/// namespace is kept.
///
/// A record that is released lives for its handler's retention; for `retention` if an older version of idem claimed it.
///
/// This keeps abandoned records from staying for ever (L1). Fence and nonce stay: an owner that comes back late may
/// still complete or release a record made unknown, while one that was released refuses it.
pub fn sweep(
    record: &mut Record,
    namespace: &Namespace,
    grace: Duration,
    retention: Duration,
    now: Timestamp,
) -> Swept {
    match record.state {
        State::Running { lease } if lease + grace <= now && namespace.sees(record) => {
            match record.after_crash {
                AfterCrash::Unknown => {
                    record.state = State::Unknown;
                    Swept::Unknown
                }
                AfterCrash::Rerun => {
                    record.state = State::Released { expires: now + record.retention_or(retention) };
                    Swept::Released
                }
            }
        }
        _ => Swept::Kept,
    }
}

/// T9: drops a done or released record that has outlived its retention. True if it did.
pub fn reap(record: &mut Option<Record>, now: Timestamp) -> bool {
    let expired = record.as_ref().is_some_and(|record| record.state.is_expired(now));
    if expired {
        *record = None;
    }
    expired
}
