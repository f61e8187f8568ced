//! The answer that most routes give.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

/// `Location: /payments/{run}` and `{"run":N,"account":"…","body":…}`.
#[derive(Debug, Serialize)]
pub(crate) struct Paid {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    pub(crate) run: u64,
    pub(crate) account: String,
    pub(crate) body: Box<RawValue>,
}

/// `{"run":N}`.
#[derive(Debug, Serialize)]
pub(crate) struct Ran {
    pub(crate) run: u64,
}

impl IntoResponse for Paid {
    fn into_response(self) -> Response {
        (self.status, [(header::LOCATION, format!("/payments/{}", self.run))], Json(self)).into_response()
    }
}

impl IntoResponse for Ran {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}
