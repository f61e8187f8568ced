//! Why there is no payment.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::bank::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentError {
    /// 402: an answer like any other, so idem stores it.
    Declined,
    /// 503: nothing has happened, so idem frees the key and the caller may try again.
    Busy,
    /// 422.
    NothingToPay,
    /// 404.
    NoSuchPayment,
}

impl From<Refusal> for PaymentError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy => Self::Busy,
            Refusal::Declined => Self::Declined,
        }
    }
}

impl IntoResponse for PaymentError {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Declined => (StatusCode::PAYMENT_REQUIRED, "the bank declines the payment"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "the bank is busy; nothing was charged"),
            Self::NothingToPay => (StatusCode::UNPROCESSABLE_ENTITY, "the amount must be above 0"),
            Self::NoSuchPayment => (StatusCode::NOT_FOUND, "there is no such payment"),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}
