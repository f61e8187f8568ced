//! What a form says about itself.

use std::any::Any;
use std::future::Future;

use super::Fate;
use crate::policy::OnError;
use crate::refused::Refused;
use crate::reply::Reply;

/// What a handler panicked with.
pub(crate) type PanicPayload = Box<dyn Any + Send>;

/// One kind of idempotent function.
pub(crate) trait Form {
    /// What a caller gets.
    type Output;

    /// The future of [`write_down`](Self::write_down).
    type Writing: Future<Output = (Self::Output, Reply)> + Unpin;

    /// The fault points of this form.
    const POINTS: FormPoints;

    /// For a caller whose answer must not leave, or is none.
    fn refused(&self, refused: Refused) -> Self::Output;

    /// For a caller whose function was not begun.
    fn not_run(&self, refused: Refused) -> Self::Output {
        self.refused(refused)
    }

    /// For a caller who gets the answer of the record.
    fn replay(&self, reply: &Reply) -> Self::Output;

    /// For the caller whose own run panicked, with the refusal that says what became of the record.
    ///
    /// # Errors
    /// The panic goes on to the caller.
    fn panicked(&self, refused: Refused, payload: PanicPayload) -> Result<Self::Output, PanicPayload>;

    /// What an output means for the record. `wanted`: whether `store_if` wants it stored.
    fn fate(&self, output: &Self::Output, on_error: OnError, wanted: bool) -> Fate;

    /// Makes what is stored of an output, which then leaves.
    fn write_down(&self, output: Self::Output) -> Self::Writing;

    /// The stored answer to a call that mismatched its record, where the version before wrote the record for this very
    /// request.
    ///
    /// # Errors
    /// What the caller hears.
    #[cfg(feature = "_tx")]
    fn answer_of_former_version(&mut self) -> impl Future<Output = Result<Reply, Refused>> + Send {
        std::future::ready(Err(Refused::KeyReused))
    }
}

/// The fault points that a form passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FormPoints {
    /// The function is about to be polled for the first time.
    pub(crate) handler_before: &'static str,
    /// The function returned.
    pub(crate) handler_after: &'static str,
    /// Its outcome is about to be recorded.
    pub(crate) settle_before: &'static str,
    /// The store has said what it made of the outcome.
    pub(crate) settle_after: &'static str,
    /// The answer is about to leave.
    pub(crate) answer_before: &'static str,
}
