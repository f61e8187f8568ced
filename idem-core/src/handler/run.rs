//! Runs a handler in its caller's place, under its claim or without one.

use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};

use super::form::HttpForm;
use super::{Response, Unwanted};
use crate::engine::caught;
use crate::form::{Body, Call, Form, Next};
use crate::refused::Refused;

/// A handler, down to its response, which is marked if it is [`Unwanted`].
pub(super) type Handler = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Runs the handler and finishes the call as its response means.
pub(super) async fn run(mut call: Call<HttpForm>, handler: Handler) -> Response {
    let is_unprotected = call.is_unprotected();
    let mut handler = Some(handler);
    let driven = caught(pin!(poll_fn(|cx| {
        loop {
            let body = handler.as_mut().map(|handler| handler.as_mut() as Body<'_, Response>);
            match ready!(call.poll(cx, body, &mut is_wanted)) {
                Next::Answer(response) => return Poll::Ready(response),
                Next::DropBody => handler = None,
            }
        }
    })))
    .await;
    match driven {
        Ok(response) => response,
        Err(payload) if is_unprotected => resume_unwind(payload),
        // The handler's own panics are caught within; this one came while its outcome was recorded.
        Err(_) => call.form().refused(Refused::PanickedUnknown),
    }
}

fn is_wanted(response: &Response) -> bool {
    response.extensions().get::<Unwanted>().is_none()
}
