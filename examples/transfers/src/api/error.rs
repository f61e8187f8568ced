//! Why no money was moved.

use std::fmt;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug)]
pub(crate) enum TransferError {
    /// 422: an answer like any other, so idem keeps it, without the effects.
    FundsShort,
    /// 422.
    NoSuchPayee,
    /// 422.
    Senseless,
    /// 503: the transaction is rolled back and the key is free, so the caller may try again.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for TransferError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FundsShort => "the funds are short",
            Self::NoSuchPayee => "there is no such payee",
            Self::Senseless => "the amount must be above 0, and the payee another account",
            Self::Database(_) => "the database cannot be used at the moment; nothing was moved",
        })
    }
}

impl std::error::Error for TransferError {
    // Through it idem sees a deadlock, which it answers itself.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            Self::FundsShort | Self::NoSuchPayee | Self::Senseless => None,
        }
    }
}

impl IntoResponse for TransferError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::FundsShort | Self::NoSuchPayee | Self::Senseless => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Database(error) => {
                tracing::warn!(%error, "a transfer");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
