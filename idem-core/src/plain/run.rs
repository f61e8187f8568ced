//! The future of a call. All but the poll of the body is compiled once for each type of output, not for each body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::errors::Errors;
use super::form::PlainForm;
use super::op::PlainOperation;
use crate::form::{self, Next};

/// A call of a plain function, and its body. The body is stored once, as it is: a body need not be `Send`.
///
/// What is compiled for each body is here, and no more than must be.
#[must_use]
pub struct Run<R, F> {
    /// Dropped before the call. `None` once it was stopped.
    body: Option<Pin<Box<F>>>,
    call: Call<R>,
}

crate::debug::structure!([R, F] Run<R, F>);

/// Nothing in it is pinned but what is boxed.
impl<R, F> Unpin for Run<R, F> {}

impl<R, F: Future<Output = R>> Future for Run<R, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let Self { body, call } = self.get_mut();
        poll(body, call, cx, &mut always)
    }
}

/// A [`Run`] that asks `wanted` whether the result is to be stored.
#[must_use]
pub struct RunIf<R, F, W> {
    run: Run<R, F>,
    wanted: Option<W>,
}

crate::debug::structure!([R, F, W] RunIf<R, F, W>);

impl<R, F, W> Unpin for RunIf<R, F, W> {}

impl<R, F: Future<Output = R>, W: FnOnce(&R) -> bool> Future for RunIf<R, F, W> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let Self { run, wanted } = self.get_mut();
        poll(&mut run.body, &mut run.call, cx, &mut |result| {
            wanted.take().is_none_or(|wanted| wanted(result))
        })
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a function of its own for each body would be compiled beside its caller"
)]
fn poll<R, F: Future<Output = R>>(
    body: &mut Option<Pin<Box<F>>>,
    call: &mut Call<R>,
    cx: &mut Context<'_>,
    wanted: &mut dyn FnMut(&R) -> bool,
) -> Poll<R> {
    loop {
        // Not `Option::map`, which would be compiled for each body.
        let polled = match body {
            Some(body) => call.0.poll(cx, Some(body.as_mut()), wanted),
            None => call.0.poll(cx, None, wanted),
        };
        match ready!(polled) {
            Next::Answer(result) => return Poll::Ready(result),
            Next::DropBody => *body = None,
        }
    }
}

fn always<R>(_: &R) -> bool {
    true
}

/// A call, without its body.
#[must_use]
pub struct Call<R>(form::Call<PlainForm<R>>);

crate::debug::structure!([R] Call<R>);

impl PlainOperation {
    /// The call, with how its output is refused, stored and read back.
    pub fn call<R>(self, errors: Errors<R>) -> Call<R> {
        let form = PlainForm::new(errors, self.max_response_bytes());
        Call(form::Call::new(form, self.entering()))
    }
}

impl<R> Call<R> {
    /// Runs `body`, or gives the stored result.
    ///
    /// # Cancel safety
    /// Dropped before the body began, nothing happened. Dropped within it, the outcome is unknown at once, or the key
    /// is freed under `after_crash = rerun`. Dropped after it, the result is recorded in the background.
    pub fn run<F: Future<Output = R>>(self, body: Pin<Box<F>>) -> Run<R, F> {
        Run { body: Some(body), call: self }
    }

    /// As [`run`](Self::run); a result that `wanted` does not want stored frees the key.
    pub fn run_if<F: Future<Output = R>, W: FnOnce(&R) -> bool>(
        self,
        wanted: W,
        body: Pin<Box<F>>,
    ) -> RunIf<R, F, W> {
        RunIf { run: self.run(body), wanted: Some(wanted) }
    }
}
