//! Waiting for something that must happen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Far beyond what any machine needs: reaching it is a failure, not slowness.
const TOO_LONG: Duration = Duration::from_mins(1);

/// Set once what others do is over: also when the test fails, so that it does not wait for them for ever.
#[derive(Debug)]
pub(crate) struct Over<'a>(pub(crate) &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Asks until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < TOO_LONG, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
