//! Points in time as a store sees them, and the clocks that make them.
//!
//! One clock judges one invariant: leases and expiry are always judged by the store's clock, never by a caller's.
//!
//! ```
//! use idem_core::time::{Clock, SystemClock, Timestamp};
//! use std::time::Duration;
//!
//! let now = SystemClock.now();
//! assert!(now + Duration::from_secs(1) > now);
//! assert_eq!(Timestamp::from_micros(2_000_000).since(Timestamp::from_micros(500_000)), Duration::from_millis(1500));
//! ```

use std::fmt;
use std::ops::Add;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since the Unix epoch on a store's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the end of time, some 292,000 years from now in what an SQL store can hold.
    fn add(self, span: Duration) -> Self {
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros).min(i64::MAX.unsigned_abs()))
    }
}

/// Where a store that has no clock of its own reads the time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The wall clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock set before 1970 reads as 1970: claims then still work, with small fences.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(0) + since
    }
}
