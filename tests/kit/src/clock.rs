//! A clock that stands still until a test moves it.
//!
//! ```
//! use idem_testing::ManualClock;
//! use idem_core::clock::{Clock, Timestamp};
//! use std::time::Duration;
//!
//! let clock = ManualClock::new(Timestamp::from_micros(7));
//! let same = clock.clone();
//! same.advance(Duration::from_micros(3));
//! assert_eq!(clock.now(), Timestamp::from_micros(10));
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use idem_core::clock::{Clock, Timestamp};

/// A [`Clock`] moved by hand. A clone is a handle on the same clock, so a test keeps one and a store gets the other.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(start.as_micros())))
    }

    /// Moves the clock on by `span`, for all its handles. Less than a microsecond counts as nothing; at the end of
    /// time (see [`Timestamp`]) the clock stays.
    pub fn advance(&self, span: Duration) {
        let on = |now| Some((Timestamp::from_micros(now) + span).as_micros());
        // The closure never says no, so this cannot fail.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, on);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
