//! Plain functions as a [`Form`].

use std::future::{Ready, ready};

use super::errors::Errors;
use crate::fault::points;
use crate::form::{Fate, Form, FormPoints, PanicPayload};
use crate::outcome::{Class, ErrorClass};
use crate::policy::OnError;
use crate::refused::Refused;
use crate::reply::Reply;

/// A function that returns `R`.
pub(crate) struct PlainForm<R> {
    errors: Errors<R>,
    /// The longest value that is kept, in bytes.
    limit: usize,
}

impl<R> PlainForm<R> {
    pub(crate) const fn new(errors: Errors<R>, limit: usize) -> Self {
        Self { errors, limit }
    }
}

impl<R> Form for PlainForm<R> {
    type Output = R;
    type Writing = Ready<(R, Reply)>;

    const POINTS: FormPoints = FormPoints {
        handler_before: points::PLAIN_HANDLER_BEFORE,
        handler_after: points::PLAIN_HANDLER_AFTER,
        settle_before: points::PLAIN_SETTLE_BEFORE,
        settle_after: points::PLAIN_SETTLE_AFTER,
        answer_before: points::PLAIN_ANSWER_BEFORE,
    };

    fn refused(&self, refused: Refused) -> R {
        (self.errors.refused)(refused)
    }

    fn replay(&self, reply: &Reply) -> R {
        self.errors.replay(reply)
    }

    /// A caller of a function hears its panic, as without the attribute.
    fn panicked(&self, _: Refused, payload: PanicPayload) -> Result<R, PanicPayload> {
        Err(payload)
    }

    fn fate(&self, result: &R, on_error: OnError, wanted: bool) -> Fate {
        if (self.errors.is_value)(result) {
            return Fate::of(ErrorClass::Default, Class::Final, on_error, wanted);
        }
        Fate::of((self.errors.class)(result), Class::Failure, on_error, wanted)
    }

    fn write_down(&self, result: R) -> Self::Writing {
        let reply = self.errors.kept(&result, self.limit);
        ready((result, reply))
    }
}
