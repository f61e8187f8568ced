//! Derived keys, and where the current operation is known.

mod keys;
mod reentry;
mod tasks;

use super::{Current, Running, chain, current};
use crate::Address;
use crate::protocol::Fence;

/// A run of `operation` in its first attempt.
fn running(operation: &'static str, key: &str) -> Running {
    Running {
        address: Address::new("shop", b"acme", operation, key.as_bytes()),
        key: key.as_bytes().to_vec().into(),
        attempt: 1,
        fence: Some(Fence::from_u64(7)),
        engine: 1,
        in_transaction: false,
        watch: crate::observe::Watch::new(operation.into()),
    }
}
