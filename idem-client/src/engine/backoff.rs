//! Exponential backoff with full jitter.

use std::time::Duration;

use fastrand::Rng;

/// Waits drawn evenly from `[0, min(cap, base · 2ⁿ)]`, n from 0. The cap is hard: jitter is drawn below it, never
/// added above it. The schedule has no end.
///
/// Full jitter spreads clients best, see "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
///
/// ```
/// use std::time::Duration;
/// use idem_client::engine::FullJitter;
///
/// let cap = Duration::from_secs(1);
/// let waits: Vec<Duration> = FullJitter::new(Duration::from_millis(100), cap, 42).take(20).collect();
/// assert!(waits[0] <= Duration::from_millis(100));
/// assert!(waits.iter().all(|wait| *wait <= cap));
/// ```
#[derive(Debug, Clone)]
pub struct FullJitter {
    base: Duration,
    cap: Duration,
    n: u32,
    rng: Rng,
}

impl FullJitter {
    /// A schedule that is the same for the same seed.
    #[must_use]
    pub fn new(base: Duration, cap: Duration, seed: u64) -> Self {
        Self { base, cap, n: 0, rng: Rng::with_seed(seed) }
    }

    /// The highest wait that the next draw can give.
    #[must_use]
    pub fn ceiling(&self) -> Duration {
        2_u32.checked_pow(self.n).map_or(self.cap, |factor| self.base.saturating_mul(factor)).min(self.cap)
    }
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let ceiling = self.ceiling();
        self.n = self.n.saturating_add(1);
        Some(up_to(&mut self.rng, ceiling))
    }
}

/// An even draw from `[0, most]`.
pub(super) fn up_to(rng: &mut Rng, most: Duration) -> Duration {
    Duration::from_nanos(rng.u64(0..=nanos(most)))
}

/// Saturates after 584 years.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
