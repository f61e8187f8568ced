//! What can be watched from outside: spans and events by [`tracing`], metrics by the facade crate `metrics`
//! (feature `metrics`).
//!
//! Names and labels are stable within a major version. None holds a key, a scope, a body or a reply;
//! the span of an operation without a name has the path of its request.
//!
//! | span | level | fields |
//! |---|---|---|
//! | `idem.operation` | info | `operation`; once known, `outcome`, `attempt` (from 1), `wait_ms` (until the handler began, or the answer was there) and `code` of a refusal. The handler runs in it |
//! | `idem.store` | debug | `call`: one call of the store |
//!
//! | metric | kind | labels | counts |
//! |---|---|---|---|
//! | `idem_operations_total` | counter | `operation`, `outcome` | how calls ended: `completed`, `released`, `unknown`, `replayed`, `refused`, `lost` (its claim was another's by then), `unprotected` (no key where none is needed, or the store away). A call that its caller left while it waited, or while its COMMIT was under way, is not counted; one in a transaction that its caller left in its handler is `released` |
//! | `idem_refusals_total` | counter | `operation`, `code` | refusals, by their stable code |
//! | `idem_attempts_total` | counter | `operation`, `repeated` | handlers that began; `repeated="true"`: not the first attempt of its operation |
//! | `idem_takeovers_total` | counter | `operation` | handlers that began by a take-over: a claim found their operation running, and the lease of its owner had ended. Where a sweep released the operation before, `idem_swept_total` counts it instead. A take-over whose answer was lost, so that the store was asked again, is not counted |
//! | `idem_wait_seconds` | histogram | `operation` | from the call to the start of its handler, or to its answer |
//! | `idem_store_call_seconds` | histogram | `call`, `result` | calls of the store, `claim` among them, and the statements around a handler in a transaction: `tx.connection`, `tx.begin`, `tx.claim`, `tx.check`, `tx.complete`, `tx.commit`, `tx.rollback`, `tx.restore`; `result` is `ok` or `error` |
//! | `idem_cache_total` | counter | `result` | looks into the cache of replies: `hit`, `miss` |
//! | `idem_renewals_total` | counter | `result` | renewals of leases: `renewed`, `lost`, `skipped`, `failed` |
//! | `idem_swept_total` | counter | `state` | records whose owner has gone, by what became of them: `unknown`, `released` |
//! | `idem_reaped_total` | counter | | expired records that were deleted |
//! | `idem_records` | gauge | `namespace`, `state` | records, when the application last had them counted by [`Operator::record_gauges`]: `running`, `unknown`, `unwinding`, `stuck`; and other states by [`Operator::record_gauge_of`] |
//! | `idem_oldest_unknown_seconds` | gauge | `namespace` | from the newest claim of the oldest unknown record to that count; 0 if none is unknown |
//! | `idem_batch_size` | histogram | `queue` | operations in one statement of a store on a server: `claims`, `finishes` |
//!
//! The label `operation` is the name of a named operation, else the method (POST, PUT, PATCH or DELETE)
//! and the router's pattern (`POST /orders/{id}`), else `other`: a path never becomes a label, so the number of series is bounded by the program.
//!
//! The two gauges are of a namespace in a store, and not of a process: every process that sets them tells the same number, so
//! take the maximum of several, not the sum. Nothing is counted unless the application asks for it.
//!
//! [`Operator::record_gauges`]: crate::operator::Operator::record_gauges
//! [`Operator::record_gauge_of`]: crate::operator::Operator::record_gauge_of
//!
//! ```
//! # #[cfg(feature = "metrics")] {
//! use idem_core::observe::describe;
//!
//! describe(); // once, after a recorder is installed: its exporter then shows a help text for each metric
//! # }
//! ```

mod outcome;
mod recorded;
mod series;
#[cfg(all(test, feature = "metrics"))]
pub(crate) mod tests;
mod watch;

#[cfg(feature = "metrics")]
pub use recorded::describe;

pub(crate) use outcome::Outcome;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
pub(crate) use recorded::batch;
pub(crate) use recorded::{
    StoreCallBegan, cache_look, oldest_unknown, reaped, records, refused, renewal, store_call, swept,
    unprotected,
};
pub(crate) use watch::Watch;
