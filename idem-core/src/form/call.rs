//! The driver of a call: enter, run, write down, settle, answer. No answer leaves before its record is durable.
//!
//! It is a state machine and no async function, so that a body is polled where its caller stores it: once, and whether or
//! not it is `Send`. All of it is compiled once for each form, not for each body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{Fate, Form, PanicPayload};
use crate::engine::{Attempt, Ending, Entered, Finished, Ran};
use crate::fault::reach;
use crate::protocol::AfterCrash;
use crate::refused::Refused;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The body of a function, as a call polls it.
pub(crate) type Body<'a, T> = Pin<&'a mut (dyn Future<Output = T> + 'a)>;

/// A call, without its body.
pub(crate) struct Call<F: Form> {
    form: F,
    phase: Phase<F>,
    /// The body was polled under its claim.
    begun: bool,
    /// What the caller gets once its record is written.
    output: Option<F::Output>,
}

crate::debug::structure!([F: Form] Call<F>: begun);

enum Phase<F: Form> {
    /// It is being found out what the call may do.
    Entering(Boxed<Result<Entered, Refused>>),
    /// The body runs without a claim.
    Unprotected,
    /// The body runs until the claim is lost.
    Running(Box<Attempt>, Boxed<()>),
    /// The output is made into what is stored.
    WritingDown(Box<Attempt>, F::Writing),
    /// The record is being written.
    Finishing(Boxed<Finished>, Option<PanicPayload>),
    Over,
}

/// What the poll of a call wants of the one who polls.
pub(crate) enum Next<T> {
    /// The call is over.
    Answer(T),
    /// The body was stopped: the caller drops the body before the record is written, and polls again.
    DropBody,
}

impl<F: Form> Call<F> {
    /// A call that first finds out what it may do.
    pub(crate) fn new(form: F, entering: Boxed<Result<Entered, Refused>>) -> Self {
        Self::at(form, Phase::Entering(entering))
    }

    /// A call that knows what it may do; `Err` is its answer.
    #[cfg(feature = "tower")]
    pub(crate) fn begin(form: F, entered: Result<Entered, Refused>) -> Result<Self, F::Output> {
        let phase = begin(&form, entered)?;
        Ok(Self::at(form, phase))
    }

    const fn at(form: F, phase: Phase<F>) -> Self {
        Self { form, phase, begun: false, output: None }
    }

    #[cfg(feature = "tower")]
    pub(crate) const fn form(&self) -> &F {
        &self.form
    }

    /// Whether its body runs without a claim.
    #[cfg(feature = "tower")]
    pub(crate) const fn is_unprotected(&self) -> bool {
        matches!(self.phase, Phase::Unprotected)
    }

    /// Polls the call, and `body` as a part of it. `wanted` is asked once, whether what the body returned is to be stored.
    ///
    /// # Panics
    /// Where the body panicked and the form says that the panic goes on; and where a body without a claim panics.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut body: Option<Body<'_, F::Output>>,
        wanted: &mut dyn FnMut(&F::Output) -> bool,
    ) -> Poll<Next<F::Output>> {
        loop {
            match &mut self.phase {
                Phase::Entering(entering) => {
                    let entered = ready!(entering.as_mut().poll(cx));
                    match begin(&self.form, entered) {
                        Ok(phase) => self.phase = phase,
                        Err(answer) => {
                            self.phase = Phase::Over;
                            return Poll::Ready(Next::Answer(answer));
                        }
                    }
                }
                Phase::Unprotected => {
                    let Some(body) = &mut body else { return Poll::Pending };
                    let output = ready!(body.as_mut().poll(cx));
                    return self.answer(output);
                }
                Phase::Running(attempt, lost) => {
                    let Some(body) = &mut body else { return Poll::Pending };
                    let mut returned = None;
                    let ran = ready!(attempt.poll(lost.as_mut(), cx, &mut |cx| {
                        if !std::mem::replace(&mut self.begun, true) {
                            reach(F::POINTS.handler_before);
                        }
                        let output = ready!(body.as_mut().poll(cx));
                        reach(F::POINTS.handler_after);
                        let wanted = wanted(&output);
                        returned = Some((output, wanted));
                        Poll::Ready(())
                    }));
                    let stopped = matches!(ran, Ran::Stopped);
                    let Phase::Running(attempt, _) = self.leave_phase() else { return Poll::Pending };
                    self.ran(attempt, ran, returned);
                    if stopped {
                        return Poll::Ready(Next::DropBody);
                    }
                }
                Phase::WritingDown(attempt, writing) => {
                    let mut written = None;
                    let polled = attempt.poll_more(cx, &mut |cx| {
                        written = Some(ready!(Pin::new(&mut *writing).poll(cx)));
                        Poll::Ready(())
                    });
                    let ended = ready!(polled);
                    let Phase::WritingDown(attempt, _) = self.leave_phase() else { return Poll::Pending };
                    match (ended, written) {
                        (Err(payload), _) => self.panicked(attempt, payload),
                        (Ok(()), Some((output, reply))) => {
                            self.output = Some(output);
                            self.finish(attempt, Ending::Complete(reply), None);
                        }
                        (Ok(()), None) => self.give_up(attempt),
                    }
                }
                Phase::Finishing(settling, panic) => {
                    let settled = ready!(settling.as_mut().poll(cx));
                    reach(F::POINTS.settle_after);
                    if let Some(payload) = panic.take() {
                        self.phase = Phase::Over;
                        std::panic::resume_unwind(payload);
                    }
                    let output = match (settled, self.output.take()) {
                        (Finished::Recorded, Some(output)) => output,
                        (Finished::Recorded, None) => self.form.refused(Refused::OutcomeUnknown),
                        (Finished::Superseded(reply), _) => self.form.replay(&reply),
                        (Finished::Refused(refused), _) => self.form.refused(refused),
                    };
                    return self.answer(output);
                }
                Phase::Over => return Poll::Pending,
            }
        }
    }

    fn leave_phase(&mut self) -> Phase<F> {
        std::mem::replace(&mut self.phase, Phase::Over)
    }

    fn answer(&mut self, output: F::Output) -> Poll<Next<F::Output>> {
        self.phase = Phase::Over;
        reach(F::POINTS.answer_before);
        Poll::Ready(Next::Answer(output))
    }

    /// The body is over.
    fn ran(&mut self, attempt: Box<Attempt>, ran: Ran, returned: Option<(F::Output, bool)>) {
        match (ran, returned) {
            (Ran::Returned, Some((output, wanted))) => {
                match self.form.fate(&output, attempt.policy().on_error, wanted) {
                    Fate::Store => {
                        self.phase = Phase::WritingDown(attempt, self.form.write_down(output));
                    }
                    Fate::Release => {
                        self.output = Some(output);
                        self.finish(attempt, Ending::Release, None);
                    }
                    Fate::Unknown => {
                        self.output = Some(output);
                        self.finish(attempt, Ending::Unknown, None);
                    }
                }
            }
            (Ran::Panicked(payload), _) => self.panicked(attempt, payload),
            (Ran::Returned | Ran::Stopped, _) => self.give_up(attempt),
        }
    }

    /// The panic is answered, or goes on, once the record says what became of the operation.
    fn panicked(&mut self, attempt: Box<Attempt>, payload: PanicPayload) {
        attempt.log_panic();
        let refused = match attempt.policy().after_crash {
            AfterCrash::Unknown => Refused::PanickedUnknown,
            AfterCrash::Rerun => Refused::HandlerPanicked,
        };
        let panic = match self.form.panicked(refused, payload) {
            Ok(output) => {
                self.output = Some(output);
                None
            }
            Err(payload) => Some(payload),
        };
        let ending = attempt.crashed();
        self.finish(attempt, ending, panic);
    }

    /// The body has no answer that counts.
    fn give_up(&mut self, attempt: Box<Attempt>) {
        self.output = Some(self.form.refused(Refused::OutcomeUnknown));
        let ending = attempt.crashed();
        self.finish(attempt, ending, None);
    }

    fn finish(&mut self, attempt: Box<Attempt>, ending: Ending, panic: Option<PanicPayload>) {
        reach(F::POINTS.settle_before);
        self.phase = Phase::Finishing(finishing(attempt, ending), panic);
    }
}

/// What follows from what the call may do; `Err` is its answer.
fn begin<F: Form>(form: &F, entered: Result<Entered, Refused>) -> Result<Phase<F>, F::Output> {
    let answer = match entered {
        Ok(Entered::Run(attempt)) => {
            let lost = losing(&attempt);
            return Ok(Phase::Running(attempt, lost));
        }
        Ok(Entered::Unprotected) => return Ok(Phase::Unprotected),
        Ok(Entered::Replay(reply)) => form.replay(&reply),
        Err(refused) => form.not_run(refused),
    };
    reach(F::POINTS.answer_before);
    Err(answer)
}

// Not generic, so that the engine is compiled once, in this crate, and not again in each crate that has a function.

fn losing(attempt: &Attempt) -> Boxed<()> {
    Box::pin(attempt.lost())
}

fn finishing(attempt: Box<Attempt>, ending: Ending) -> Boxed<Finished> {
    Box::pin(attempt.finish(ending))
}
