//! A panic as a value.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// What a panic carries.
pub(super) type Payload = Box<dyn Any + Send>;

/// Runs `future`; a panic in it is `Err`.
///
/// Asserting unwind safety is right here: after a panic the future is dropped, and nothing else saw its state.
pub(crate) async fn caught<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Result<F::Output, Payload> {
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(payload) => Poll::Ready(Err(payload)),
    })
    .await
}
