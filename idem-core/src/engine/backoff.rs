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

    /// Between two looks at a claim that another process holds.
    pub(super) const fn for_polls() -> Self {
        Self { next: Duration::from_millis(20), last: Duration::from_millis(250) }
    }

    /// The pause that comes next.
    pub(super) const fn next(&self) -> Duration {
        self.next
    }

    /// Waits for the next pause.
    pub(super) async fn pause(&mut self) {
        tokio::time::sleep(self.take()).await;
    }

    /// The next pause, for a caller who waits for it.
    pub(super) fn take(&mut self) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(self.last);
        pause
    }
}
