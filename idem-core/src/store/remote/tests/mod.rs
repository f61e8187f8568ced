//! Queues and exchanges, over a database that does as it is told.

#[cfg(feature = "metrics")]
mod counted;
mod echo;
mod exchange;
mod liveness;
mod queue;

use crate::address::Address;

fn address(key: &str) -> Address {
    Address::new("", b"", "op", key.as_bytes())
}
