//! Schedules of the crate `backoff`, by the feature of that name.
//!
//! The feature is off by default because the crate is unmaintained: see RUSTSEC-2025-0012 (and RUSTSEC-2024-0384 for
//! `instant`, which it brings along). Nothing else in this client needs it; its default schedule,
//! [`FullJitter`](crate::engine::FullJitter), spreads clients better and keeps a hard cap. Switch the feature on to
//! keep settings that a program already has.
//!
//! Any [`ExponentialBackoff`] is then a [`DelaySource`]: every operation gets a fresh copy of it. The engine's limits
//! hold on top, which mends two of its habits: a wait is never longer than
//! [`Policy::max_delay`](crate::Policy::max_delay) (by itself it goes up to 1.5 times its `max_interval`), and a
//! server's `Retry-After` is bounded by the policy instead of overriding every limit. When its `max_elapsed_time` is
//! over, the schedule ends, and the call with it.
//!
//! ```
//! use backoff::ExponentialBackoff;
//! use idem_client::Client;
//!
//! # fn main() -> Result<(), idem_client::BuildError> {
//! let client = Client::builder().delays(ExponentialBackoff::default()).build()?;
//! # Ok(()) }
//! ```

use std::time::Duration;

use ::backoff::Clock;
use ::backoff::backoff::Backoff as _;
use ::backoff::exponential::ExponentialBackoff;

use crate::engine::{DelaySource, Schedule};

impl<C> DelaySource for ExponentialBackoff<C>
where
    C: Clock + Clone + Send + Sync + 'static,
{
    fn schedule(&self) -> Schedule {
        let mut fresh = self.clone();
        fresh.reset();
        Box::new(Waits(fresh))
    }
}

struct Waits<C>(ExponentialBackoff<C>);

impl<C: Clock> Iterator for Waits<C> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.0.next_backoff()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use ::backoff::ExponentialBackoff;

    use super::*;

    #[test]
    fn every_operation_starts_afresh() {
        let worn = ExponentialBackoff {
            current_interval: Duration::from_secs(50),
            start_time: Instant::now().checked_sub(Duration::from_hours(1)).unwrap(),
            ..ExponentialBackoff::default()
        };
        for _ in 0..2 {
            let first = worn.schedule().next().expect("its 15 minutes begin with the operation");
            assert!(first <= Duration::from_millis(751), "{first:?}");
        }
    }
}
