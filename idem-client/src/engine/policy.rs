//! The limits of one operation.

use std::time::Duration;

/// How often, how fast and how long one operation is tried.
///
/// ```
/// use std::time::Duration;
/// use idem_client::Policy;
///
/// let patient = Policy::default().max_attempts(8).total_timeout(Duration::from_secs(120));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(super) max_attempts: u32,
    pub(super) base_delay: Duration,
    pub(super) max_delay: Duration,
    pub(super) attempt_timeout: Duration,
    pub(super) total_timeout: Duration,
    pub(super) in_progress_timeout: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) unauthorized: super::Refresh,
}

impl Default for Policy {
    /// 4 attempts; full jitter from 100 ms up to 10 s; 10 s for an attempt, 30 s for all; 30 s of polling;
    /// hints up to 60 s.
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(30),
            in_progress_timeout: Duration::from_secs(30),
            max_retry_after: Duration::from_mins(1),
            unauthorized: super::Refresh::Pointless,
        }
    }
}

impl Policy {
    /// Attempts in all, the first one included; polls of an operation in progress are not counted. 0 reads as 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The ceiling of the first backoff wait; it doubles with every failed attempt.
    #[must_use]
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// The hard cap of every backoff wait, of any schedule. A server's hint is not capped by it.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// How long one attempt may take, from connecting to the last byte of the reply.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long everything may take, attempts, waits and polls together.
    #[must_use]
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.total_timeout = timeout;
        self
    }

    /// How long to keep polling an operation that the server says is in progress, counted from the first such
    /// answer. The total timeout holds as well.
    #[must_use]
    pub fn in_progress_timeout(mut self, timeout: Duration) -> Self {
        self.in_progress_timeout = timeout;
        self
    }

    /// The longest hint (`Retry-After`) that is waited out. A longer one ends the call at once: sending earlier
    /// would ignore the server, sleeping longer would surprise the caller.
    #[must_use]
    pub fn max_retry_after(mut self, limit: Duration) -> Self {
        self.max_retry_after = limit;
        self
    }

    /// What a 401 means: final (the default), or worth one more attempt because each attempt fetches its own
    /// credentials. A client with a `prepare_attempt` hook switches this on.
    #[must_use]
    pub fn unauthorized(mut self, refresh: super::Refresh) -> Self {
        self.unauthorized = refresh;
        self
    }

    /// The limit set by [`attempt_timeout`](Self::attempt_timeout).
    #[must_use]
    pub fn attempt_limit(&self) -> Duration {
        self.attempt_timeout
    }
}
