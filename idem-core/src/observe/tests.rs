//! What is recorded of each event, with its labels and numbers.

use std::borrow::Cow;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::*;
use crate::protocol::{Namespace, RenewOutcome, StateKind};
use crate::store::{StoreError, StoreErrorKind};

/// A line for each series that `work` records on this thread.
pub(crate) fn recorded(work: impl FnOnce()) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, work);
    let line = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| {
        let key = key.key();
        let labels = key.labels().map(|label| [" ", label.key(), "=", label.value()].concat());
        let labels = labels.collect::<String>();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) if key.name().ends_with("_seconds") => {
                format!("{} times", values.len())
            }
            DebugValue::Histogram(values) => format!("{values:?}"),
        };
        format!("{}{labels}: {value}", key.name())
    };
    let mut lines: Vec<String> = snapshotter.snapshot().into_vec().into_iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn renewals_are_counted_by_their_result() {
    let failed = Err(StoreError::new(StoreErrorKind::Unavailable, "down"));
    let lines = recorded(|| {
        renewal(None);
        renewal(Some(&failed));
        renewal(Some(&Ok(RenewOutcome::Lost)));
        for _ in 0..3 {
            renewal(Some(&Ok(RenewOutcome::Renewed)));
        }
        for _ in 0..4 {
            renewal(Some(&Ok(RenewOutcome::Skipped)));
        }
    });
    let expected = [
        "idem_renewals_total result=failed: 2",
        "idem_renewals_total result=lost: 1",
        "idem_renewals_total result=renewed: 3",
        "idem_renewals_total result=skipped: 4",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn upkeep_is_counted_in_records() {
    let lines = recorded(|| {
        swept(2, 3);
        swept(0, 1);
        reaped(5);
        reaped(0);
    });
    let expected =
        ["idem_reaped_total: 5", "idem_swept_total state=released: 4", "idem_swept_total state=unknown: 2"];
    assert_eq!(lines, expected);
}

#[test]
fn calls_of_the_store_and_looks_into_the_cache_are_counted_by_their_result() {
    let lines = recorded(|| {
        store_call("claim", StoreCallBegan::now(), true);
        store_call("claim", StoreCallBegan::now(), false);
        store_call("claim", StoreCallBegan::now(), false);
        cache_look(true);
        cache_look(true);
        cache_look(false);
    });
    let expected = [
        "idem_cache_total result=hit: 2",
        "idem_cache_total result=miss: 1",
        "idem_store_call_seconds call=claim result=error: 2 times",
        "idem_store_call_seconds call=claim result=ok: 1 times",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn gauges_hold_the_last_number() {
    let (shop, bank) = (Namespace::new("shop"), Namespace::new("bank"));
    let lines = recorded(|| {
        records(&shop, StateKind::Unknown, 7);
        records(&shop, StateKind::Unknown, 2);
        records(&bank, StateKind::Running, 3);
        oldest_unknown(&shop, Duration::from_millis(1500));
    });
    let expected = [
        "idem_oldest_unknown_seconds namespace=shop: 1.5",
        "idem_records namespace=bank state=running: 3",
        "idem_records namespace=shop state=unknown: 2",
    ];
    assert_eq!(lines, expected);
}

/// The end of an attempt is told first where its record is written.
#[test]
fn a_call_is_counted_once_by_its_first_outcome() {
    let lines = recorded(|| {
        let watch = Watch::new("pay".into());
        watch.begins(1);
        watch.takes_over();
        watch.ends(Outcome::Lost);
        watch.ends(Outcome::Replayed);
        watch.ends(Outcome::Refused("request-in-progress"));
    });
    let expected = [
        "idem_attempts_total operation=pay repeated=false: 1",
        "idem_operations_total operation=pay outcome=lost: 1",
        "idem_takeovers_total operation=pay: 1",
        "idem_wait_seconds operation=pay: 1 times",
    ];
    assert_eq!(lines, expected);
}

/// A name that was made for one request would be a series for each request.
#[test]
fn a_name_of_one_request_is_no_label() {
    let lines = recorded(|| {
        let name: Cow<'static, str> = Cow::Owned("POST /orders/17".to_owned());
        let watch = Watch::new(name);
        watch.begins(2);
        watch.ends(Outcome::Completed);
        unprotected(None);
        refused(Some("pay"), "idempotency-key-missing");
    });
    let expected = [
        "idem_attempts_total operation=other repeated=true: 1",
        "idem_operations_total operation=other outcome=completed: 1",
        "idem_operations_total operation=other outcome=unprotected: 1",
        "idem_operations_total operation=pay outcome=refused: 1",
        "idem_refusals_total operation=pay code=idempotency-key-missing: 1",
        "idem_wait_seconds operation=other: 1 times",
    ];
    assert_eq!(lines, expected);
}

#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
#[test]
fn batches_are_recorded_by_their_size() {
    let lines = recorded(|| {
        batch("claims", 3);
        batch("claims", 1);
    });
    assert_eq!(lines, ["idem_batch_size queue=claims: [3.0, 1.0]"]);
}
