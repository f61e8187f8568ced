//! How a transaction is run.

use std::time::Duration;

use crate::store::Isolation;

/// How the transaction is run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TxOptions {
    pub(crate) isolation: Option<Isolation>,
    /// How often a handler may run again after a conflict.
    pub(crate) retries: u32,
}

/// How long a handler may take: its `max_run`, or what the database bears.
pub(super) fn longest(max_run: Duration, bound: Option<Duration>) -> Duration {
    bound.map_or(max_run, |bound| bound.min(max_run))
}
