//! What is sent and what is answered.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPayment {
    pub(crate) order: u64,
    /// In the smallest unit of the currency.
    pub(crate) amount: u64,
    pub(crate) currency: Currency,
}

/// A payment that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: u64,
    pub(crate) order: u64,
    pub(crate) amount: u64,
    pub(crate) currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Currency {
    Eur,
}

/// The answer to a request that made a payment.
#[derive(Debug)]
pub(crate) struct Created(pub(crate) Payment);

impl NewPayment {
    pub(crate) const fn euros(order: u64, cents: u64) -> Self {
        Self { order, amount: cents, currency: Currency::Eur }
    }
}

impl Payment {
    pub(crate) fn of(new: &NewPayment, id: u64) -> Self {
        Self { id, order: new.order, amount: new.amount, currency: new.currency }
    }

    /// Whether it is what was asked for.
    pub(crate) fn is_for(&self, new: &NewPayment) -> bool {
        *self == Self::of(new, self.id)
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(LOCATION, format!("/payments/{}", self.0.id))], Json(self.0)).into_response()
    }
}
