//! Which operation a task is at.

use std::future::Future;

use tokio::task::JoinHandle;
#[cfg(any(feature = "_tx", test))]
use tracing::Instrument;

use super::running::{Current, Running};

tokio::task_local! {
    static TASK_SCOPE: TaskScope;
}

/// Where a task is.
struct TaskScope {
    current: Option<Current>,
    /// Of a scope that ends its run.
    _ends: Option<Ends>,
}

/// Ends the run when its scope is left, however that happens.
struct Ends(Current);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The innermost idempotent operation whose handler runs in this task; `None` outside of handlers, and in tasks that
/// were spawned without [`spawn`] or [`carry`].
///
/// A call that runs unprotected (no key and `optional`, or the store away and `fail_open`) is none: inside it, the
/// operation around it is current, if there is one.
#[must_use]
pub fn current() -> Option<Current> {
    TASK_SCOPE.try_with(|place| place.current.clone()).ok().flatten()
}

/// Spawns a tokio task that goes on within the [current](current()) operation: calls made in it derive their keys as
/// the handler's own do. Plain [`tokio::spawn`] loses the operation.
///
/// A handler that ends without waiting for the task leaves it running, and what it does is not part of the result: a
/// retry of the operation may meet it. It shares the names of its run.
///
/// # Panics
/// Outside a tokio runtime, as [`tokio::spawn`] does.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(carry(future))
}

/// A future that runs within the operation that is [current](current()) where `carry` is called, also when another
/// task polls it: for a `JoinSet`, an actor, or another runtime.
///
/// Called outside of handlers, the future runs as outside of one, wherever it is polled.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut set = tokio::task::JoinSet::new();
/// set.spawn(idem_core::current::carry(async { /* idem_core::current() as here */ }));
/// # set.join_all().await; }
/// ```
pub fn carry<F: Future>(future: F) -> impl Future<Output = F::Output> {
    TASK_SCOPE.scope(TaskScope { current: current(), _ends: None }, future)
}

/// The operations whose handlers run around this point of the task, from innermost outwards.
pub(crate) fn chain() -> impl Iterator<Item = Current> {
    std::iter::successors(current(), |inner| inner.parent().cloned()).filter(|run| !run.is_over())
}

impl Current {
    /// Begins a run within the one that is current.
    pub(crate) fn new(running: Running) -> Self {
        Self::within(current(), running)
    }

    /// Runs `future` in this run. Its end, or being dropped, ends the run.
    #[cfg(any(feature = "_tx", test))]
    pub(crate) fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let future = future.instrument(self.watch().span().clone());
        TASK_SCOPE.scope(TaskScope { current: Some(self.clone()), _ends: Some(Ends(self)) }, future)
    }

    /// Calls `poll` in this run, without ending it.
    pub(crate) fn while_current<T>(&self, poll: impl FnOnce() -> T) -> T {
        let _in_span = self.watch().span().enter();
        TASK_SCOPE.sync_scope(TaskScope { current: Some(self.clone()), _ends: None }, poll)
    }
}
