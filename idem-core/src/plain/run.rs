//! The future of a call. All but the poll of the body is compiled once for each type of output, not for each body.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::errors::Errors;
use super::op::{Begun, PlainOperation};
use crate::engine::{Attempt, Ending, Ran, Settled};
use crate::fault::{points, reach};
use crate::outcome::ErrorClass;
use crate::policy::OnError;
use crate::refused::Refused;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

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
            Some(body) => call.poll(cx, Some(body.as_mut()), wanted),
            None => call.poll(cx, None, wanted),
        };
        match ready!(polled) {
            Next::Answer(result) => return Poll::Ready(result),
            Next::DropBody => *body = None,
        }
    }
}

/// What the poll of a call wants of the one who polls.
enum Next<R> {
    Answer(R),
    /// The body was stopped: the caller drops the body before the record is written, and polls again.
    DropBody,
}

fn always<R>(_: &R) -> bool {
    true
}

/// A call, without its body.
#[must_use]
pub struct Call<R> {
    errors: Errors<R>,
    phase: Phase,
    /// The body was polled under its claim.
    begun: bool,
    /// What the body returned, while its record is written.
    result: Option<R>,
}

crate::debug::structure!([R] Call<R>: begun);

enum Phase {
    /// It is being found out what the call may do.
    Entering(Boxed<Begun>),
    /// The body runs without a claim.
    Unprotected,
    /// The body runs until the claim is lost.
    Running(Box<Attempt>, Boxed<()>),
    /// The record is being written.
    Settling(Boxed<Settled>, Option<Box<dyn Any + Send>>),
    Over,
}

impl PlainOperation {
    /// The call, with how its output is refused, stored and read back.
    pub fn call<R>(self, errors: Errors<R>) -> Call<R> {
        Call { errors, phase: entering(self), begun: false, result: None }
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

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Option<Pin<&mut (dyn Future<Output = R> + '_)>>,
        wanted: &mut dyn FnMut(&R) -> bool,
    ) -> Poll<Next<R>> {
        loop {
            match &mut self.phase {
                Phase::Entering(enter) => {
                    self.phase = match ready!(enter.as_mut().poll(cx)) {
                        Begun::Refused(refused) => return self.answer((self.errors.refused)(refused)),
                        Begun::Replay(reply) => return self.answer(self.errors.replay(&reply)),
                        Begun::Unprotected => Phase::Unprotected,
                        Begun::Attempt(attempt) => running(attempt),
                    };
                }
                Phase::Unprotected => {
                    let Some(body) = &mut body else { return Poll::Pending };
                    let result = ready!(body.as_mut().poll(cx));
                    return self.answer(result);
                }
                Phase::Running(attempt, lost) => {
                    let Some(body) = &mut body else { return Poll::Pending };
                    let mut returned = None;
                    let ran = ready!(attempt.poll(lost.as_mut(), cx, &mut |cx| {
                        if !std::mem::replace(&mut self.begun, true) {
                            reach(points::PLAIN_HANDLER_BEFORE);
                        }
                        let result = ready!(body.as_mut().poll(cx));
                        reach(points::PLAIN_HANDLER_AFTER);
                        let wanted = wanted(&result);
                        returned = Some((result, wanted));
                        Poll::Ready(())
                    }));
                    let stopped = matches!(ran, Ran::Stopped);
                    let Phase::Running(attempt, _) = std::mem::replace(&mut self.phase, Phase::Over) else {
                        return Poll::Pending;
                    };
                    self.settle(attempt, ran, returned);
                    if stopped {
                        return Poll::Ready(Next::DropBody);
                    }
                }
                Phase::Settling(settle, panic) => {
                    let settled = ready!(settle.as_mut().poll(cx));
                    reach(points::PLAIN_SETTLE_AFTER);
                    if let Some(payload) = panic.take() {
                        self.phase = Phase::Over;
                        std::panic::resume_unwind(payload);
                    }
                    let result = match (settled, self.result.take()) {
                        (Settled::Recorded, Some(result)) => result,
                        (Settled::Recorded, None) => (self.errors.refused)(Refused::OutcomeUnknown),
                        (Settled::Superseded(reply), _) => self.errors.replay(&reply),
                        (Settled::Refused(refused), _) => (self.errors.refused)(refused),
                    };
                    return self.answer(result);
                }
                Phase::Over => return Poll::Pending,
            }
        }
    }

    fn answer(&mut self, result: R) -> Poll<Next<R>> {
        self.phase = Phase::Over;
        reach(points::PLAIN_ANSWER_BEFORE);
        Poll::Ready(Next::Answer(result))
    }

    /// The body is over.
    fn settle(&mut self, attempt: Box<Attempt>, ran: Ran<()>, returned: Option<(R, bool)>) {
        let (ending, panic) = match (ran, returned) {
            (Ran::Returned(()), Some((result, wanted))) => {
                let ending = ending(&self.errors, &attempt, &result, wanted);
                self.result = Some(result);
                (ending, None)
            }
            // The panic goes on once the record says what became of the operation.
            (Ran::Panicked(payload), _) => (attempt.crashed(), Some(payload)),
            (Ran::Returned(()) | Ran::Stopped, _) => {
                self.result = Some((self.errors.refused)(Refused::OutcomeUnknown));
                (attempt.crashed(), None)
            }
        };
        reach(points::PLAIN_SETTLE_BEFORE);
        self.phase = settling(attempt, ending, panic);
    }
}

// Not generic, so that the engine is compiled once, in this crate, and not again in each crate that has a function.

fn entering(operation: PlainOperation) -> Phase {
    Phase::Entering(Box::pin(operation.enter()))
}

fn running(attempt: Box<Attempt>) -> Phase {
    let lost = Box::pin(attempt.lost());
    Phase::Running(attempt, lost)
}

fn settling(attempt: Box<Attempt>, ending: Ending, panic: Option<Box<dyn Any + Send>>) -> Phase {
    Phase::Settling(Box::pin(attempt.settle(ending)), panic)
}

/// What becomes of the record. `store_if` decides about what would be stored without a mark; a mark, or a doubt, it does not
/// take back.
fn ending<R>(errors: &Errors<R>, attempt: &Attempt, result: &R, wanted: bool) -> Ending {
    let limit = attempt.config().max_response_bytes;
    if (errors.is_value)(result) {
        return if wanted { Ending::Complete(errors.value(result, limit)) } else { Ending::Release };
    }
    match ((errors.class)(result), attempt.policy().on_error) {
        (ErrorClass::Default, OnError::Store) if !wanted => Ending::Release,
        (ErrorClass::Final, _) | (ErrorClass::Default, OnError::Store) => {
            Ending::Complete(errors.error(result, limit))
        }
        (ErrorClass::Ambiguous, _) | (ErrorClass::Default, OnError::Unknown) => Ending::Unknown,
        (ErrorClass::NoEffect, _) | (ErrorClass::Default, OnError::Release) => Ending::Release,
    }
}
