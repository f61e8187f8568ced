//! Where the waits come from.

use std::time::Duration;

/// The waits of one operation, one for each failed attempt. When it ends, so does the call.
pub type Schedule = Box<dyn Iterator<Item = Duration> + Send>;

/// Makes a fresh schedule of waits for every operation.
///
/// Any closure that returns an iterator of [`Duration`]s is one, so other backoff crates plug in directly. The
/// engine's limits hold on top: each wait is cut to [`Policy::max_delay`](super::Policy::max_delay), attempts and
/// deadlines are the engine's, and a server's hint goes before the schedule (which still moves on by one).
/// Polls of an operation in progress keep the engine's own jitter.
///
/// ```
/// use std::time::Duration;
/// use idem_client::{Client, Policy};
///
/// # fn main() -> Result<(), idem_client::BuildError> {
/// // 50, 100, 150 ms, then no more: at most four attempts, even where the policy allows more.
/// let client = Client::builder()
///     .policy(Policy::default().max_attempts(10))
///     .delays(|| (1..=3).map(|n| Duration::from_millis(50 * n)))
///     .build()?;
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of delays",
    note = "pass a closure that returns an iterator of `Duration`s, such as `|| std::iter::repeat(wait)`"
)]
pub trait DelaySource: Send + Sync {
    /// The waits of one operation.
    fn schedule(&self) -> Schedule;
}

impl<F, I> DelaySource for F
where
    F: Fn() -> I + Send + Sync,
    I: IntoIterator<Item = Duration>,
    I::IntoIter: Send + 'static,
{
    fn schedule(&self) -> Schedule {
        Box::new(self().into_iter())
    }
}
