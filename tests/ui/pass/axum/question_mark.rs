//! `?` with a conversion, and an early return.

use std::num::ParseIntError;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use idem_core::idempotent;

use crate::support::{Call, Runs, replays, serve};

static RUNS: Runs = Runs::new();

enum ApiError {
    NotANumber,
    Nothing(u64),
}

impl From<ParseIntError> for ApiError {
    fn from(_: ParseIntError) -> Self {
        Self::NotANumber
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::NotANumber => StatusCode::BAD_REQUEST.into_response(),
            Self::Nothing(run) => (StatusCode::CONFLICT, run.to_string()).into_response(),
        }
    }
}

#[idempotent]
async fn pay(body: String) -> Result<(StatusCode, String), ApiError> {
    let run = RUNS.next();
    let amount: u64 = body.parse()?;
    if amount == 0 {
        return Err(ApiError::Nothing(run));
    }
    Ok((StatusCode::CREATED, format!("{amount} {run}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn passes() {
    let app = serve(Router::new().route("/", post(pay)));
    for (body, status) in
        [("5", StatusCode::CREATED), ("0", StatusCode::CONFLICT), ("five", StatusCode::BAD_REQUEST)]
    {
        assert_eq!(replays(&app, &Call::post("/").key(body).body(body)).await.status, status);
    }
    assert_eq!(RUNS.total(), 3);
}
