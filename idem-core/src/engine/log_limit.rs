//! Log events that repeat while a condition lasts.
//!
//! A store that is away fails every operation, every retry and every look at what is left behind. One event in ten
//! seconds says so, for all kinds of calls together, with the number of events that were left out. Only an outcome that waits
//! to be recorded has an event of its own: something has happened, and nothing tells of it yet.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Engine;
use crate::address::Address;
use crate::store::StoreError;

/// The shortest time between two events of one kind.
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets one event of a kind through in ten seconds, and counts the others.
#[derive(Debug, Default)]
pub(super) struct LogLimit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    suppressed: u64,
}

/// The kinds of events of one engine.
#[derive(Debug, Default)]
pub(super) struct LogLimits {
    /// The store is away, or does not answer in time.
    pub(super) outage: LogLimit,
    /// The store refuses for another reason.
    pub(super) failure: LogLimit,
    /// An outcome is not recorded yet.
    pub(super) unrecorded: LogLimit,
    /// The settings of an operation contradict each other.
    pub(super) settings: LogLimit,
    /// A request does not say who it comes from.
    pub(super) scope: LogLimit,
    /// A handler cannot be served as it is put together.
    #[cfg(feature = "tower")]
    pub(super) handler: LogLimit,
}

/// What the store was asked for when it failed.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'a> {
    /// In the words of a log's reader: "claim", "renewal".
    pub(crate) what: &'static str,
    pub(crate) address: Option<Address>,
    pub(crate) operation: Option<&'a str>,
}

impl<'a> Purpose<'a> {
    /// Something about many records, or about none.
    pub(crate) const fn of(what: &'static str) -> Self {
        Self { what, address: None, operation: None }
    }

    pub(crate) const fn at(self, address: Address) -> Self {
        Self { address: Some(address), ..self }
    }

    pub(crate) const fn operation(self, operation: &'a str) -> Self {
        Self { operation: Some(operation), ..self }
    }
}

impl Engine {
    /// Logs that the store did not do what it was asked for.
    pub(crate) fn log_failed(&self, asked: Purpose<'_>, error: &StoreError) {
        let limits = &self.log_limits;
        let limit = if error.is_transient() { &limits.outage } else { &limits.failure };
        let Purpose { what, address, operation } = asked;
        limit.event(|suppressed| {
            tracing::error!(
                asked = what,
                address = address.map(tracing::field::display),
                operation,
                error = %error.chain(),
                kind = ?error.kind(),
                suppressed,
                "the idempotency store failed"
            );
        });
    }

    /// Logs that the outcome of an operation is not in the store yet. It is written again until it is there.
    pub(crate) fn log_unrecorded(&self, asked: Purpose<'_>, error: &StoreError) {
        let Purpose { what, address, operation } = asked;
        self.log_limits.unrecorded.event(|suppressed| {
            tracing::error!(
                asked = what,
                address = address.map(tracing::field::display),
                operation,
                error = %error.chain(),
                kind = ?error.kind(),
                suppressed,
                "the outcome of an operation is not recorded yet"
            );
        });
    }

    /// Logs that a request was refused because it does not say who it comes from.
    pub(crate) fn log_no_scope(&self, operation: &str, why: &str) {
        self.log_limits.scope.event(|suppressed| {
            tracing::warn!(
                operation,
                scope = ?self.scope,
                why,
                suppressed,
                "a request was refused: it does not say who it comes from"
            );
        });
    }

    /// Logs that a handler keeps its body to itself.
    #[cfg(feature = "tower")]
    pub(crate) fn log_not_read(&self, operation: &str) {
        self.log_limits.handler.event(|suppressed| {
            tracing::error!(
                operation,
                suppressed,
                "an #[idempotent] handler streams its body itself: give it `fingerprint = …` without the body"
            );
        });
    }
}

impl LogLimit {
    /// Calls `log` with the number of events that were left out since the last one, unless that was just now.
    pub(super) fn event(&self, log: impl FnOnce(u64)) {
        if let Some(suppressed) = self.due(Instant::now()) {
            log(suppressed);
        }
    }

    fn due(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            state.suppressed = state.suppressed.saturating_add(1);
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_in_an_interval_is_logged_and_counts_the_others() {
        let (limit, start) = (LogLimit::default(), Instant::now());
        assert_eq!(limit.due(start), Some(0));
        for _ in 0..3 {
            assert_eq!(limit.due(start + INTERVAL / 2), None);
        }
        assert_eq!(limit.due(start + INTERVAL), Some(3));
        assert_eq!(limit.due(start + INTERVAL * 2), Some(0));
    }
}
