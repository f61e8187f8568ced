//! From a handler's response to a record, and from a record to a response.

use std::pin::pin;

use axum::body::Body;
use axum::http::{HeaderValue, header};

use super::response_body::{Collected, collect};
use super::{Marked, Response, problem};
use crate::engine::{Attempt, Ending, Ran, Settled};
use crate::fault::{points, reach};
use crate::http::{Class, Profile, REPLAYED, Stored, class_of, encode};
use crate::outcome::ErrorClass;
use crate::policy::{OnError, Policy};
use crate::protocol::AfterCrash;
use crate::refused::{Refused, Unavailable};
use crate::reply::Reply;

/// The stored answer, marked as a replay.
pub(super) fn replay(reply: &Reply, profile: Profile) -> Response {
    match Stored::read(reply) {
        Stored::Response(mut response) => {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            response.map(Body::from)
        }
        Stored::Tombstone(why) => problem(&Refused::ResultUnavailable(why), profile),
    }
}

/// Runs the handler under its claim and settles what it says. No answer leaves before its record is durable.
pub(super) async fn drive(
    attempt: Box<Attempt>,
    wanted: impl FnOnce(&Response) -> bool,
    handler: impl AsyncFnOnce() -> Response,
) -> Response {
    let (profile, limit) = (attempt.config().profile, attempt.config().max_response_bytes);
    let ran = {
        // Gone before the rest is awaited, so that both may share their place in the future.
        let handler = pin!(async {
            reach(points::AXUM_HANDLER_BEFORE);
            let response = handler().await;
            reach(points::AXUM_HANDLER_AFTER);
            let wanted = wanted(&response);
            (response, wanted)
        });
        attempt.run(handler).await
    };
    let (response, ending) = match ran {
        Ran::Returned((response, wanted)) => {
            let meant = if wanted { meaning(&response, attempt.policy()) } else { Meaning::Release };
            match meant {
                Meaning::Store => {
                    let (response, reply) = attempt.within(written_down(response, limit)).await;
                    (response, Ending::Complete(reply))
                }
                Meaning::Release => (response, Ending::Release),
                Meaning::Unknown => (response, Ending::Unknown),
            }
        }
        Ran::Panicked(_) => {
            // The panic hook has told where; the payload is the user's.
            let run = attempt.running();
            tracing::error!(address = %run.address(), operation = run.operation(), "an idempotent handler panicked");
            (problem(&after_panic(attempt.policy()), profile), attempt.crashed())
        }
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

const fn after_panic(policy: &Policy) -> Refused {
    match policy.after_crash {
        AfterCrash::Unknown => Refused::OutcomeUnknown,
        AfterCrash::Rerun => Refused::HandlerPanicked,
    }
}

/// What a response means for the record.
pub(super) enum Meaning {
    Store,
    Release,
    Unknown,
}

/// The handler's own mark, else the status, else the policy.
pub(super) fn meaning(response: &Response, policy: &Policy) -> Meaning {
    let marked = response.extensions().get::<Marked>().map_or(ErrorClass::Default, |mark| mark.0);
    match (marked, class_of(response.status()), policy.on_error) {
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

/// Reads the body and makes the reply; what cannot be kept leaves a tombstone, and the caller gets it all the same.
pub(super) async fn written_down(response: Response, limit: usize) -> (Response, Reply) {
    let (parts, body) = response.into_parts();
    let endless = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    if endless {
        return (Response::from_parts(parts, body), Reply::tombstone(Unavailable::TooLarge));
    }
    let (body, reply) = match collect(body, limit).await {
        Collected::Whole { bytes, body } => (body, encode(parts.status, &parts.headers, &bytes)),
        Collected::TooLarge { body } => (body, Reply::tombstone(Unavailable::TooLarge)),
        Collected::Broken { body } => (body, Reply::tombstone(Unavailable::Broken)),
    };
    (Response::from_parts(parts, body), reply)
}
