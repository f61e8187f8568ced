//! Log events that repeat while a condition lasts.
//!
//! A store that is away fails every operation and every retry. One event in ten seconds says so, with the number of
//! equal events that were left out.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
    /// A claim was refused because of the store.
    pub(super) refused: LogLimit,
    /// An outcome is not recorded yet.
    pub(super) unrecorded: LogLimit,
    /// A lease was not renewed.
    pub(super) renewals: LogLimit,
    /// An operation was refused because of its settings.
    pub(super) misconfigured: LogLimit,
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
