//! How often each fault happens.

use std::time::Duration;

/// Shares of all requests. A request meets at most one of the first four; a delay may come on top.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rates {
    pub(crate) lose_request: f64,
    pub(crate) lose_reply: f64,
    pub(crate) duplicate: f64,
    pub(crate) reset: f64,
    pub(crate) delay: f64,
    /// The longest delay.
    pub(crate) max_delay: Duration,
}

/// The rates lose so many requests that repeating them would not end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RatesError {
    lost: f64,
    faults: f64,
}

/// The largest share of requests that may go without an answer.
const MOST_LOST: f64 = 0.9;

impl Rates {
    /// These rates, if they leave answers enough.
    pub(crate) fn checked(self) -> Result<Self, RatesError> {
        let lost = self.lose_request + self.lose_reply + self.reset;
        let faults = lost + self.duplicate;
        if lost > MOST_LOST || faults > 1.0 { Err(RatesError { lost, faults }) } else { Ok(self) }
    }
}

impl std::fmt::Display for RatesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "lost requests, lost replies and resets make {:.2} of all requests, and {:.2} with duplicates: \
             at most {MOST_LOST} and 1 leave anything to demonstrate",
            self.lost, self.faults
        )
    }
}

impl std::error::Error for RatesError {}
