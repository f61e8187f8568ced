//! One error for handlers and other functions: what it says of itself counts in both, and `store_if` takes nothing back.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idem_core::{Ambiguous, Classify, ErrorClass, Final, Idem, NoEffect, Refused, idempotent};
use serde::{Deserialize, Serialize};

use crate::support::{self, Call, Runs, replays, runs_again, serve};

static RUNS: Runs = Runs::new();

#[derive(Debug, Serialize, Deserialize)]
enum PayError {
    Timeout(u64),
    Declined(u64),
    Busy(u64),
    Other(u64),
    Refused,
}

impl Classify for PayError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Timeout(_) => ErrorClass::Ambiguous,
            Self::Declined(_) => ErrorClass::Final,
            Self::Busy(_) => ErrorClass::NoEffect,
            Self::Other(_) | Self::Refused => ErrorClass::Default,
        }
    }
}

impl From<Refused> for PayError {
    fn from(_: Refused) -> Self {
        Self::Refused
    }
}

impl IntoResponse for PayError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Busy(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::BAD_GATEWAY,
        };
        (status, format!("{self:?}")).into_response()
    }
}

fn pay(how: &str) -> PayError {
    let run = RUNS.next();
    match how {
        "timeout" => PayError::Timeout(run),
        "declined" => PayError::Declined(run),
        "busy" => PayError::Busy(run),
        _ => PayError::Other(run),
    }
}

#[idempotent]
async fn handler(body: String) -> Result<StatusCode, PayError> {
    Err(pay(&body))
}

#[idempotent(store_if = |response: &Response| response.status().is_success())]
async fn only_successes(body: String) -> Result<impl IntoResponse, PayError> {
    if body.is_empty() {
        return Ok("paid");
    }
    Err(pay(&body))
}

type Answer<T, E = PayError> = Result<T, E>;

#[idempotent]
async fn behind_an_alias(body: String) -> Answer<impl IntoResponse> {
    Answer::<&str>::Err(pay(&body))
}

/// The response's own mark stays.
#[idempotent]
async fn marked(body: String) -> Result<StatusCode, NoEffect<PayError>> {
    Err(NoEffect(pay(&body)))
}

#[idempotent(with = idem, key = how, name = "function", store_if = Result::is_ok)]
async fn function(idem: &Idem, how: &str) -> Result<u64, PayError> {
    Err(pay(how))
}

#[idempotent(with = idem, key = order, name = "ambiguous", store_if = Result::is_ok)]
async fn ambiguous(idem: &Idem, order: u64) -> Result<u64, Ambiguous<PayError>> {
    Err(Ambiguous(pay("")))
}

#[idempotent(with = idem, key = order, name = "final", store_if = Result::is_ok)]
async fn last(idem: &Idem, order: u64) -> Result<u64, Final<PayError>> {
    Err(Final(pay("")))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let router = Router::new().route("/handler", post(handler)).route("/alias", post(behind_an_alias));
    let app = serve(router.route("/successes", post(only_successes)).route("/marked", post(marked)));
    for path in ["/handler", "/alias", "/successes"] {
        let call = |how: &str| Call::post(path).key(how).body(how);
        assert_eq!(call("timeout").send(&app).await.status, StatusCode::BAD_GATEWAY, "{path}");
        call("timeout").send(&app).await.is_problem("outcome-unknown");
        replays(&app, &call("declined")).await;
        runs_again(&app, &call("busy")).await;
        runs_again(&app, &call("other")).await;
    }
    runs_again(&app, &Call::post("/marked").key("k").body("timeout")).await;
    let idem = support::idem();
    let before = RUNS.total();
    for _ in 0..2 {
        assert!(function(&idem, "timeout").await.is_err());
        assert!(function(&idem, "declined").await.is_err());
        assert!(ambiguous(&idem, 1).await.is_err());
        assert!(last(&idem, 1).await.is_err());
    }
    assert_eq!(RUNS.total(), before + 4, "each ran once");
    for _ in 0..2 {
        assert!(matches!(function(&idem, "other").await, Err(PayError::Other(_))));
    }
    assert_eq!(RUNS.total(), before + 6, "what says nothing frees its key");
}
