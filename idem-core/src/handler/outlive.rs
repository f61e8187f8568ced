//! A call that outlives its caller.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tracing::{Instrument, Span};

use super::Response;
use crate::current::carry;

/// A future that its caller polls in place, and that goes on in a task of its own when the caller leaves.
///
/// In place, what middleware has set for the request holds: its span, and its task-locals. After the caller has left, the
/// span and the current operation still do, and task-locals of others do not.
pub(super) struct Outlive {
    /// `None` once it has ended, or has panicked.
    future: Option<Pin<Box<dyn Future<Output = Response> + Send>>>,
    runtime: Handle,
    span: Span,
}

impl Outlive {
    /// # Panics
    /// Outside a tokio runtime, as [`tokio::spawn`] does.
    pub(super) fn new(future: impl Future<Output = Response> + Send + 'static) -> Self {
        let future: Pin<Box<dyn Future<Output = Response> + Send>> = Box::pin(carry(future));
        Self { future: Some(future), runtime: Handle::current(), span: Span::current() }
    }
}

impl Future for Outlive {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        // Taken out, so that a future that panics is dropped here and never polled again.
        let Some(mut future) = self.future.take() else { return Poll::Pending };
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() {
            self.future = Some(future);
        }
        polled
    }
}

impl Drop for Outlive {
    fn drop(&mut self) {
        if let Some(future) = self.future.take() {
            let left = async move { drop(future.await) };
            // A runtime that has ended drops it, and the keeper settles what it leaves behind.
            self.runtime.spawn(left.instrument(self.span.clone()));
        }
    }
}
