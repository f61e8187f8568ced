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

/// A call of a plain function. Stores its body once, as it is: a body need not be `Send`.
#[must_use]
pub struct Run<R, F, W> {
    /// Dropped before the call is settled.
    body: Held<F, W>,
    call: Call<R>,
}

crate::debug::structure!([R, F, W] Run<R, F, W>);

impl<R, F, W> Run<R, F, W> {
    pub(super) fn new(operation: PlainOperation, errors: Errors<R>, wanted: W, body: F) -> Self {
        let body = Held { future: Some(Box::pin(body)), wanted: Some(wanted), begun: false };
        Self {
            body,
            call: Call { errors, phase: Phase::Entering(Box::pin(operation.enter())), result: None },
        }
    }
}

/// Nothing in it is pinned but what is boxed.
impl<R, F, W> Unpin for Run<R, F, W> {}

impl<R, F: Future<Output = R>, W: FnOnce(&R) -> bool> Future for Run<R, F, W> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let Self { body, call } = self.get_mut();
        let result = ready!(call.poll(cx, body));
        body.end();
        reach(points::PLAIN_ANSWER_BEFORE);
        Poll::Ready(result)
    }
}

/// A body, and what says whether its result is to be stored.
struct Held<F, W> {
    /// `None` once it is over.
    future: Option<Pin<Box<F>>>,
    wanted: Option<W>,
    begun: bool,
}

/// The same, of any type.
trait Body<R> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<R>;
    fn is_wanted(&mut self, result: &R) -> bool;
    fn begins(&mut self) -> bool;
    fn end(&mut self);
}

impl<F, W> Held<F, W> {
    fn end(&mut self) {
        self.future = None;
    }
}

impl<R, F: Future<Output = R>, W: FnOnce(&R) -> bool> Body<R> for Held<F, W> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<R> {
        match &mut self.future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    fn is_wanted(&mut self, result: &R) -> bool {
        self.wanted.take().is_none_or(|wanted| wanted(result))
    }

    fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn end(&mut self) {
        Held::end(self);
    }
}

/// A call, without its body.
struct Call<R> {
    errors: Errors<R>,
    phase: Phase,
    /// What the body returned, while its record is written.
    result: Option<R>,
}

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

impl<R> Call<R> {
    fn poll(&mut self, cx: &mut Context<'_>, body: &mut dyn Body<R>) -> Poll<R> {
        loop {
            match &mut self.phase {
                Phase::Entering(enter) => {
                    self.phase = match ready!(enter.as_mut().poll(cx)) {
                        Begun::Refused(refused) => return self.answer((self.errors.refused)(refused)),
                        Begun::Replay(reply) => return self.answer(self.errors.replay(&reply)),
                        Begun::Unprotected => Phase::Unprotected,
                        Begun::Attempt(attempt) => {
                            let lost = Box::pin(attempt.lost());
                            Phase::Running(attempt, lost)
                        }
                    };
                }
                Phase::Unprotected => {
                    let result = ready!(body.poll(cx));
                    return self.answer(result);
                }
                Phase::Running(attempt, lost) => {
                    let mut returned = None;
                    let ran = ready!(attempt.poll(lost.as_mut(), cx, &mut |cx| run(body, &mut returned, cx)));
                    body.end();
                    let Phase::Running(attempt, _) = std::mem::replace(&mut self.phase, Phase::Over) else {
                        return Poll::Pending;
                    };
                    self.settle(attempt, ran, returned);
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

    fn answer(&mut self, result: R) -> Poll<R> {
        self.phase = Phase::Over;
        Poll::Ready(result)
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
        self.phase = Phase::Settling(Box::pin(attempt.settle(ending)), panic);
    }
}

/// One poll of a body under its claim.
fn run<R>(body: &mut dyn Body<R>, returned: &mut Option<(R, bool)>, cx: &mut Context<'_>) -> Poll<()> {
    if body.begins() {
        reach(points::PLAIN_HANDLER_BEFORE);
    }
    let result = ready!(body.poll(cx));
    reach(points::PLAIN_HANDLER_AFTER);
    let wanted = body.is_wanted(&result);
    *returned = Some((result, wanted));
    Poll::Ready(())
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
