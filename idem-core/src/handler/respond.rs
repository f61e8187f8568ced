//! From a handler's response to a record, and from a record to a response.

use std::future::Future;
use std::pin::{Pin, pin};

use http::HeaderValue;

use super::response_body::{Limits, whole};
use super::written_down::written_down;
use super::{Classed, Marked, Response, problem};
use crate::engine::{Attempt, Ending, Ran, Settled};
use crate::fault::{points, reach};
use crate::outcome::ErrorClass;
use crate::policy::{OnError, Policy};
use crate::protocol::AfterCrash;
use crate::refused::Refused;
use crate::reply::Reply;
use crate::response::{Class, Profile, REPLAYED, Stored, class_of};

/// The stored answer, marked as a replay.
pub(super) fn replay(reply: &Reply, profile: Profile) -> Response {
    match Stored::read(reply) {
        Stored::Response(mut response, trailers) => {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            response.map(|bytes| whole(bytes, trailers.map(|lines| *lines)))
        }
        Stored::Tombstone(why) => problem(&Refused::ResultUnavailable(why), profile),
    }
}

/// A handler, down to its response, and whether that is to be stored.
pub(super) type Handler = Pin<Box<dyn Future<Output = (Response, bool)> + Send>>;

/// Runs the handler under its claim and settles what it says. No answer leaves before its record is durable.
pub(super) async fn drive(attempt: Box<Attempt>, handler: Handler) -> Response {
    let (profile, limits) = (attempt.config().profile, Limits::of(attempt.config()));
    let ran = {
        // Gone before the rest is awaited: what the handler holds is free again.
        let handler = pin!(async {
            reach(points::AXUM_HANDLER_BEFORE);
            let answered = handler.await;
            reach(points::AXUM_HANDLER_AFTER);
            answered
        });
        attempt.run(handler).await
    };
    let (response, ending) = match ran {
        Ran::Returned((response, wanted)) => match decided(&response, attempt.policy(), wanted) {
            Meaning::Store => match attempt.within(pin!(written_down(response, limits))).await {
                Ok((response, reply)) => (response, Ending::Complete(reply)),
                Err(_) => panicked(&attempt),
            },
            Meaning::Release => (response, Ending::Release),
            Meaning::Unknown => (response, Ending::Unknown),
        },
        Ran::Panicked(_) => panicked(&attempt),
        Ran::Stopped => (problem(&Refused::OutcomeUnknown, profile), attempt.crashed()),
    };
    reach(points::AXUM_SETTLE_BEFORE);
    let settled = attempt.settle(ending).await;
    reach(points::AXUM_SETTLE_AFTER);
    match settled {
        Settled::Recorded => response,
        Settled::Superseded(reply) => replay(&reply, profile),
        Settled::Refused(refused) => problem(&refused, profile),
    }
}

/// For the caller whose own run panicked, also while its body was made: 500, as for any other handler that panics.
fn panicked(attempt: &Attempt) -> (Response, Ending) {
    // The panic hook has told where; the payload is the user's.
    let run = attempt.running();
    tracing::error!(address = %run.address(), operation = run.operation(), "an idempotent handler panicked");
    let refused = match attempt.policy().after_crash {
        AfterCrash::Unknown => Refused::PanickedUnknown,
        AfterCrash::Rerun => Refused::HandlerPanicked,
    };
    (problem(&refused, attempt.config().profile), attempt.crashed())
}

/// What a response means for the record.
pub(super) enum Meaning {
    Store,
    Release,
    Unknown,
}

/// What becomes of the record. `store_if` decides about what status or policy would store; a mark, or a doubt, it does not
/// take back.
pub(super) fn decided(response: &Response, policy: &Policy, wanted: bool) -> Meaning {
    match meaning(response, policy) {
        Meaning::Store if !wanted && response.extensions().get::<Marked>().is_none() => Meaning::Release,
        meant => meant,
    }
}

/// The handler's own mark, else the status, else the policy.
pub(super) fn meaning(response: &Response, policy: &Policy) -> Meaning {
    let marked = response.extensions().get::<Marked>().map_or(ErrorClass::Default, |mark| mark.0);
    let classed = response.extensions().get::<Classed>();
    let class = classed.map_or_else(|| class_of(response.status()), |classed| classed.0);
    match (marked, class, policy.on_error) {
        (ErrorClass::Final, _, _)
        | (ErrorClass::Default, Class::Final, _)
        | (ErrorClass::Default, Class::Failure, OnError::Store) => Meaning::Store,
        (ErrorClass::NoEffect, _, _)
        | (ErrorClass::Default, Class::Transient, _)
        | (ErrorClass::Default, Class::Failure, OnError::Release) => Meaning::Release,
        (ErrorClass::Ambiguous, _, _) | (ErrorClass::Default, Class::Failure, OnError::Unknown) => {
            Meaning::Unknown
        }
    }
}
