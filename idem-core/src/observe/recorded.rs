//! The metrics. Without the feature `metrics` nothing is recorded.
#![cfg_attr(not(feature = "metrics"), allow(unused_variables, clippy::missing_const_for_fn))]

use std::time::Duration;
#[cfg(feature = "metrics")]
use std::time::Instant;

use super::outcome::Outcome;
use super::series::Series;
use crate::protocol::{Namespace, RenewOutcome, StateKind};
use crate::store::StoreError;

/// Runs statements where metrics are recorded.
macro_rules! with_metrics {
    ($($statement:tt)*) => {
        #[cfg(feature = "metrics")]
        {
            $($statement)*
        }
    };
}

pub(super) fn operation(series: &Series, outcome: Outcome) {
    with_metrics! {
        let labels = || ("operation", series.label());
        let (name, operation) = labels();
        metrics::counter!("idem_operations_total", name => operation, "outcome" => outcome.name()).increment(1);
        if let Outcome::Refused(code) = outcome {
            let (name, operation) = labels();
            metrics::counter!("idem_refusals_total", name => operation, "code" => code).increment(1);
        }
    }
}

/// A call that was refused before its operation was known.
pub(crate) fn refused(name: Option<&'static str>, code: &'static str) {
    operation(&Series::named(name), Outcome::Refused(code));
}

/// A call without a key, where none is needed.
pub(crate) fn unprotected(name: Option<&'static str>) {
    operation(&Series::named(name), Outcome::Unprotected);
}

pub(super) fn attempt(series: &Series, attempt: u32) {
    with_metrics! {
        let repeated = if attempt > 1 { "true" } else { "false" };
        metrics::counter!("idem_attempts_total", "operation" => series.label(), "repeated" => repeated).increment(1);
    }
}

pub(super) fn take_over(series: &Series) {
    with_metrics! {
        metrics::counter!("idem_takeovers_total", "operation" => series.label()).increment(1);
    }
}

pub(super) fn wait(series: &Series, wait: Duration) {
    with_metrics! {
        metrics::histogram!("idem_wait_seconds", "operation" => series.label()).record(wait);
    }
}

/// When a call of the store began. The clock is read only where the time is recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreCallBegan(#[cfg(feature = "metrics")] Instant);

impl StoreCallBegan {
    pub(crate) fn now() -> Self {
        Self(
            #[cfg(feature = "metrics")]
            Instant::now(),
        )
    }
}

pub(crate) fn store_call(call: &'static str, began: StoreCallBegan, succeeded: bool) {
    with_metrics! {
        let result = if succeeded { "ok" } else { "error" };
        metrics::histogram!("idem_store_call_seconds", "call" => call, "result" => result).record(began.0.elapsed());
    }
}

pub(crate) fn cache_look(hit: bool) {
    with_metrics! {
        metrics::counter!("idem_cache_total", "result" => if hit { "hit" } else { "miss" }).increment(1);
    }
}

/// `None`: the store gave no answer for this one.
pub(crate) fn renewal(answer: Option<&Result<RenewOutcome, StoreError>>) {
    with_metrics! {
        let result = match answer {
            Some(Ok(RenewOutcome::Renewed)) => "renewed",
            Some(Ok(RenewOutcome::Lost)) => "lost",
            Some(Ok(RenewOutcome::Skipped)) => "skipped",
            Some(Err(_)) | None => "failed",
        };
        metrics::counter!("idem_renewals_total", "result" => result).increment(1);
    }
}

pub(crate) fn swept(unknown: usize, released: usize) {
    with_metrics! {
        for (state, records) in [("unknown", unknown), ("released", released)] {
            metrics::counter!("idem_swept_total", "state" => state).increment(records as u64);
        }
    }
}

pub(crate) fn reaped(records: usize) {
    with_metrics! {
        metrics::counter!("idem_reaped_total").increment(records as u64);
    }
}

/// How many records of a namespace are in a state.
pub(crate) fn records(namespace: &Namespace, state: StateKind, records: u64) {
    with_metrics! {
        let namespace = namespace.as_str().to_owned();
        #[allow(clippy::cast_precision_loss, reason = "a gauge takes floats")]
        metrics::gauge!("idem_records", "namespace" => namespace, "state" => state.to_string()).set(records as f64);
    }
}

pub(crate) fn oldest_unknown(namespace: &Namespace, age: Duration) {
    with_metrics! {
        metrics::gauge!("idem_oldest_unknown_seconds", "namespace" => namespace.as_str().to_owned())
            .set(age.as_secs_f64());
    }
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
pub(crate) fn batch(queue: &'static str, operations: usize) {
    with_metrics! {
        #[allow(clippy::cast_precision_loss, reason = "a histogram takes floats")]
        metrics::histogram!("idem_batch_size", "queue" => queue).record(operations as f64);
    }
}

/// Gives the installed recorder a description of each metric. Without a recorder nothing happens.
#[cfg(feature = "metrics")]
pub fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

    describe_counter!("idem_operations_total", "Calls of idempotent operations, by how they ended");
    describe_counter!("idem_refusals_total", "Calls that idem refused, by code");
    describe_counter!("idem_attempts_total", "Handlers that began");
    describe_counter!("idem_takeovers_total", "Handlers that began by a take-over");
    describe_histogram!(
        "idem_wait_seconds",
        Unit::Seconds,
        "From a call to the start of its handler, or to its answer"
    );
    describe_histogram!("idem_store_call_seconds", Unit::Seconds, "Calls of the idempotency store");
    describe_counter!("idem_cache_total", "Looks into the cache of replies");
    describe_counter!("idem_renewals_total", "Renewals of leases");
    describe_counter!("idem_swept_total", "Records whose owner has gone");
    describe_counter!("idem_reaped_total", "Expired records that were deleted");
    describe_gauge!("idem_records", "Records of a namespace in a state, when they were last counted");
    describe_gauge!(
        "idem_oldest_unknown_seconds",
        Unit::Seconds,
        "Since the newest claim of the oldest unknown record, when it was last looked for; 0 if there is none"
    );
    describe_histogram!("idem_batch_size", "Operations in one statement of a store on a server");
}
