//! One call of an operation, as it is watched.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::recorded;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The handler's answer is the record's.
    Completed,
    /// The key is free again.
    Released,
    /// The record is unknown.
    Unknown,
    /// The call was answered from a record.
    Replayed,
    /// The handler ended, and the claim belonged to another attempt by then.
    Lost,
    /// The handler ran without a claim.
    Unprotected,
    /// The call was refused, with this code.
    Refused(&'static str),
}

impl Outcome {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Released => "released",
            Self::Unknown => "unknown",
            Self::Replayed => "replayed",
            Self::Lost => "lost",
            Self::Unprotected => "unprotected",
            Self::Refused(_) => "refused",
        }
    }
}

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

/// The label `operation` of a call's metrics.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "nothing is counted"))]
pub(crate) struct Series(Cow<'static, str>);

impl Series {
    const OTHER: Self = Self(Cow::Borrowed("other"));

    pub(super) fn named(name: Option<&'static str>) -> Self {
        name.map_or(Self::OTHER, |name| Self(Cow::Borrowed(name)))
    }

    #[cfg(feature = "metrics")]
    pub(super) fn label(&self) -> Cow<'static, str> {
        self.0.clone()
    }
}

/// Of an operation's name. A name that was made for one request is no label: there would be a series for each path.
impl From<&Cow<'static, str>> for Series {
    fn from(name: &Cow<'static, str>) -> Self {
        match name {
            Cow::Borrowed(name) => Self(Cow::Borrowed(name)),
            Cow::Owned(_) => Self::OTHER,
        }
    }
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
            inner.series = Series(Cow::Owned(series));
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
