//! Pauses between two tries of a store call.

use std::time::Duration;

/// Pauses that double from a first to a last one.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
    last: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(10);

    /// For a question that was not answered.
    pub(super) const fn for_questions() -> Self {
        Self { next: Self::FIRST, last: Duration::from_millis(500) }
    }

    /// For a write that the store did not take.
    pub(super) const fn for_writes() -> Self {
        Self { next: Self::FIRST, last: Duration::from_secs(1) }
    }

    /// The pause that comes next.
    pub(super) const fn next(&self) -> Duration {
        self.next
    }

    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.last);
    }
}
