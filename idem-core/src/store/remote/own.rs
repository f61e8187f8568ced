//! An operation that its caller drives itself, which saves a lone caller the way through the store's thread.
//!
//! It is one operation, the caller's own: no other operation waits for it. It keeps to the runtime on which it began, since
//! its connection and its timers belong to that.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

type Rest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How long an operation whose future was moved to another runtime is waited for on its first one, which may be
/// blocked, before it is put anew.
const GRACE: Duration = Duration::from_millis(200);

/// Dropped on the way, it goes on in a task, so that no connection is left in the middle of a statement.
pub(super) struct Own<T: Send + 'static> {
    /// `None` once it has ended or was moved.
    rest: Option<Rest<T>>,
    runtime: Handle,
}

/// What became of it.
pub(super) enum Driven<T> {
    Ended(T),
    /// The future is polled on another runtime now; the rest goes on where it began.
    Moved(JoinHandle<T>),
}

impl<T: Send + 'static> Own<T> {
    /// `runtime`: the caller's.
    pub(super) fn new(operation: impl Future<Output = T> + Send + 'static, runtime: Handle) -> Self {
        Self { rest: Some(Box::pin(operation)), runtime }
    }

    /// `None` only after it was driven to its end.
    pub(super) async fn drive(mut self) -> Option<Driven<T>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Driven<T>>> {
        // Taken out, so that one which panics is dropped.
        let Some(mut rest) = self.rest.take() else { return Poll::Ready(None) };
        if Handle::try_current().is_ok_and(|here| here.id() == self.runtime.id()) {
            match rest.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(Driven::Ended(answer))),
                Poll::Pending => {
                    self.rest = Some(rest);
                    Poll::Pending
                }
            }
        } else {
            Poll::Ready(Some(Driven::Moved(self.runtime.spawn(rest))))
        }
    }
}

impl<T: Send + 'static> Drop for Own<T> {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            self.runtime.spawn(rest);
        }
    }
}

/// Waits a little for an operation on another runtime. `None` if that one has ended, or is blocked; then the operation
/// sends nothing more.
pub(super) async fn salvage<T>(mut rest: JoinHandle<T>) -> Option<T> {
    match tokio::time::timeout(GRACE, &mut rest).await {
        Ok(ended) => ended.ok(),
        Err(_) => {
            rest.abort();
            None
        }
    }
}
