//! One attempt: send the request, take in the whole reply.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};

use super::prepare::{AttemptContext, apply};
use super::shared::Shared;
use crate::engine::{Answer, Permit, Repeat, Verdict, classify};
use crate::outcome::{AttemptError, AttemptErrorKind, Reply};
use crate::request::Frozen;

/// What came of one attempt.
pub(super) enum Attempted {
    Answered(Reply, SystemTime),
    Failed(AttemptError),
}

impl Attempted {
    pub(super) fn verdict(&self, repeat: Repeat) -> Verdict {
        match self {
            Self::Answered(reply, received_at) => {
                let answer = Answer {
                    status: reply.status(),
                    headers: reply.headers(),
                    body: reply.body(),
                    received_at: *received_at,
                };
                classify(&answer, repeat)
            }
            Self::Failed(error) => error.kind().verdict(),
        }
    }
}

pub(super) async fn attempt(
    shared: &Shared,
    request: &Arc<Frozen>,
    permit: &Permit,
    last: Option<http::StatusCode>,
) -> Attempted {
    let Some(deadline) = Instant::now().checked_add(permit.timeout()) else {
        return result(attempt_by(shared, request, permit, last, None).await);
    };
    result(attempt_by(shared, request, permit, last, Some(deadline)).await)
}

fn result(attempted: Result<(Reply, SystemTime), AttemptError>) -> Attempted {
    match attempted {
        Ok((reply, received_at)) => Attempted::Answered(reply, received_at),
        Err(error) => Attempted::Failed(error),
    }
}

async fn attempt_by(
    shared: &Shared,
    request: &Arc<Frozen>,
    permit: &Permit,
    last: Option<http::StatusCode>,
    deadline: Option<Instant>,
) -> Result<(Reply, SystemTime), AttemptError> {
    // Nothing has left while the hook runs, so its end by time is not a lost attempt.
    let built = by(deadline, prepare(shared, request, permit, last)).await.unwrap_or_else(|| {
        Err(AttemptError::new(
            AttemptErrorKind::Prepare,
            "the `prepare_attempt` hook took the attempt's whole time",
        ))
    })?;
    by(deadline, exchange(shared, built)).await.unwrap_or_else(|| Err(AttemptErrorKind::Timeout.into()))
}

async fn by<F: Future>(deadline: Option<Instant>, future: F) -> Option<F::Output> {
    match deadline {
        Some(deadline) => timeout_at(deadline, future).await.ok(),
        None => Some(future.await),
    }
}

async fn prepare(
    shared: &Shared,
    request: &Arc<Frozen>,
    permit: &Permit,
    last: Option<http::StatusCode>,
) -> Result<reqwest::Request, AttemptError> {
    let headers = match &request.prepare {
        None => request.headers.clone(),
        Some(hook) => {
            let context = AttemptContext::new(Arc::clone(request), permit.resend_count(), last);
            let changes =
                hook(context).await.map_err(|error| AttemptError::new(AttemptErrorKind::Prepare, error))?;
            apply(request, &changes).map_err(|error| AttemptError::new(AttemptErrorKind::Prepare, error))?
        }
    };
    let mut builder = shared.http.request(request.method.clone(), request.url.clone()).headers(headers);
    if !request.body.is_empty() {
        builder = builder.body(request.body.clone());
    }
    builder.build().map_err(|error| AttemptError::new(AttemptErrorKind::Prepare, error.without_url()))
}

/// Sends the request and reads the reply to its end: half a reply is no answer.
async fn exchange(shared: &Shared, request: reqwest::Request) -> Result<(Reply, SystemTime), AttemptError> {
    let mut response = shared.http.execute(request).await.map_err(AttemptError::of_sending)?;
    let received_at = SystemTime::now();
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(AttemptError::of_reading)? {
        if body.len().saturating_add(chunk.len()) > shared.max_reply {
            return Err(AttemptErrorKind::TooLarge.into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((Reply::new(status, headers, Bytes::from(body)), received_at))
}
