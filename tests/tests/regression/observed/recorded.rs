//! What one thread records.

use std::collections::BTreeMap;

use metrics::LocalRecorderGuard;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

/// Runs `work` on a runtime of this thread, and gives what was recorded there: by a line for each series, without
/// what took how long. Threads of the engine and of its store record elsewhere.
pub(super) fn recorded(work: impl Future<Output = ()>) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let guard: LocalRecorderGuard<'_> = metrics::set_default_local_recorder(&recorder);
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work);
    drop(guard);
    let mut lines = BTreeMap::new();
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        let mut labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        labels.sort();
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => format!("{} values", values.len()),
        };
        lines.insert(format!("{} {}", key.name(), labels.join(" ")).trim().to_owned(), value);
    }
    lines.into_iter().map(|(series, value)| format!("{series}: {value}")).collect()
}

/// Those of the lines that are of these metrics.
pub(super) fn of<'l>(lines: &'l [String], metrics: &[&str]) -> Vec<&'l str> {
    let wanted = |line: &&str| metrics.iter().any(|metric| line.split(' ').next() == Some(metric));
    lines.iter().map(String::as_str).filter(wanted).collect()
}

/// What is counted of each call.
pub(super) const CALLS: [&str; 5] = [
    "idem_operations_total",
    "idem_refusals_total",
    "idem_attempts_total",
    "idem_takeovers_total",
    "idem_wait_seconds",
];
