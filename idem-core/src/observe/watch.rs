//! One call of an operation, as it is watched.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::outcome::Outcome;
use super::recorded;
use super::series::Series;

/// The name of a call's operation, the span of the call, and the label of its metrics.
#[derive(Debug, Clone)]
pub(crate) struct Watch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The name of the operation.
    name: Cow<'static, str>,
    span: Span,
    began: Instant,
    series: Series,
    /// A call ends once: what is found out about it after that is told to the log alone.
    ended: AtomicBool,
}

impl Watch {
    /// Of an operation with that name.
    pub(crate) fn new(name: Cow<'static, str>) -> Self {
        let span = tracing::info_span!(
            "idem.operation",
            operation = &*name,
            outcome = Empty,
            attempt = Empty,
            wait_ms = Empty,
            code = Empty
        );
        let series = Series::from(&name);
        Self(Arc::new(Inner { name, span, began: Instant::now(), series, ended: AtomicBool::new(false) }))
    }

    /// The label of an operation without a name: its method and the router's pattern.
    #[cfg(all(feature = "tower", feature = "metrics"))]
    pub(crate) fn set_series(&mut self, series: String) {
        // No call has it yet.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.series = Series::of_route(series);
        }
    }

    /// The operation: its `name`, or method and path.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn span(&self) -> &Span {
        &self.0.span
    }

    /// The handler begins. `attempt`: from 1.
    pub(crate) fn begins(&self, attempt: u32) {
        self.0.span.record("attempt", attempt);
        self.waited();
        recorded::attempt(&self.0.series, attempt);
    }

    /// The claim of the handler that begins was a take-over.
    pub(crate) fn takes_over(&self) {
        recorded::take_over(&self.0.series);
    }

    /// The call is over. The first outcome counts: the end of an attempt is told where its record is written, and once more
    /// where the caller of a transaction is answered.
    pub(crate) fn ends(&self, outcome: Outcome) {
        if self.0.ended.swap(true, Ordering::Relaxed) {
            return;
        }
        self.0.span.record("outcome", outcome.name());
        if let Outcome::Refused(code) = outcome {
            self.0.span.record("code", code);
        }
        if matches!(outcome, Outcome::Replayed | Outcome::Refused(_)) {
            self.waited();
        }
        recorded::operation(&self.0.series, outcome);
    }

    fn waited(&self) {
        let wait = self.0.began.elapsed();
        self.0.span.record("wait_ms", u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        recorded::wait(&self.0.series, wait);
    }
}
