//! What is sent and what is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTransfer {
    /// The caller's own number for it.
    pub(crate) order: i64,
    pub(crate) to: i64,
    /// In cents.
    pub(crate) amount: i64,
}

/// A transfer that was made: a row of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// Drawn by the run that made it, so that an answer tells which run it is of.
    pub(crate) receipt: i64,
    pub(crate) order: i64,
    pub(crate) payer: i64,
    pub(crate) payee: i64,
    pub(crate) amount: i64,
}

/// The answer to a request that moved money.
#[derive(Debug)]
pub(crate) struct Created(pub(crate) Transfer);

impl Transfer {
    /// One with a receipt of its own.
    pub(crate) fn new(payer: i64, new: &NewTransfer) -> Self {
        Self { receipt: fastrand::i64(1..), order: new.order, payer, payee: new.to, amount: new.amount }
    }

    /// Whether it is what `payer` asked for.
    pub(crate) fn is_for(&self, payer: i64, new: &NewTransfer) -> bool {
        *self == Self { receipt: self.receipt, ..Self::new(payer, new) }
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let location = format!("/transfers/{}", self.0.receipt);
        (StatusCode::CREATED, [(LOCATION, location)], Json(self.0)).into_response()
    }
}
