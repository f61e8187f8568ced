//! Why a request was not done.

use std::fmt;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use idem_core::Refused;

#[derive(Debug)]
pub(crate) enum ApiError {
    Senseless(&'static str),
    FundsShort { missing: u64 },
    Overflow,
    Refused(Refused),
    Database(sqlx::Error), //@ tx
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<std::num::TryFromIntError> for ApiError {
    fn from(_: std::num::TryFromIntError) -> Self {
        Self::Overflow
    }
}

impl From<sqlx::Error> for ApiError { //@ tx
    fn from(error: sqlx::Error) -> Self { //@ tx
        Self::Database(error) //@ tx
    } //@ tx
} //@ tx

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Senseless(why) => f.write_str(why),
            Self::FundsShort { missing } => write!(f, "the funds are short by {missing}"),
            Self::Overflow => f.write_str("a number is too large"),
            Self::Refused(refused) => refused.fmt(f),
            Self::Database(error) => write!(f, "the database cannot be used: {error}"), //@ tx
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(refused) => Some(refused),
            Self::Database(error) => Some(error), //@ tx
            Self::Senseless(_) | Self::FundsShort { .. } | Self::Overflow => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Senseless(_) | Self::FundsShort { .. } | Self::Overflow => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE, //@ tx
        };
        (status, self.to_string()).into_response()
    }
}
