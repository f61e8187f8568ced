//! How long a server may take, so that it gives up before its client does.
//!
//! A client that gives up first does not know what became of its statement, and leaves a connection behind on which the
//! statement goes on waiting. Where the server gives up, it is certain that nothing was applied.

use std::time::Duration;

/// Of one statement.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Limits {
    /// How long it may wait for a lock.
    lock: Duration,
    /// How long it may take in all.
    statement: Duration,
}

/// The least: to most servers, zero means no limit.
const LEAST: Duration = Duration::from_millis(10);
/// The most: 20 days, which every server takes.
const MOST: Duration = Duration::from_hours(20 * 24);

impl Limits {
    /// For a client that gives up after `timeout`: long enough before it that the answer arrives. A locked record may
    /// cost a batch two such waits, one together and one alone.
    pub(in crate::store) fn within(timeout: Duration) -> Self {
        let fifths = |count| (timeout / 5).saturating_mul(count).clamp(LEAST, MOST);
        Self { lock: fifths(2), statement: fifths(4) }
    }

    #[cfg(feature = "postgres")]
    pub(in crate::store) const fn lock_millis(self) -> u128 {
        self.lock.as_millis()
    }

    pub(in crate::store) const fn statement_millis(self) -> u128 {
        self.statement.as_millis()
    }

    /// For servers that count in seconds, from 1.
    #[cfg(feature = "mysql")]
    pub(in crate::store) fn lock_seconds(self) -> u64 {
        self.lock.as_secs().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_timeout_turns_them_off_or_overflows() {
        for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let limits = Limits::within(timeout);
            assert!((10..=i32::MAX as u128).contains(&limits.lock_millis()));
            assert!((10..=i32::MAX as u128).contains(&limits.statement_millis()));
            assert!((1..=31_536_000).contains(&limits.lock_seconds()));
        }
        let limits = Limits::within(Duration::from_secs(5));
        assert_eq!((limits.lock_millis(), limits.statement_millis(), limits.lock_seconds()), (2000, 4000, 2));
    }
}
