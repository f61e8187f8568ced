//! The ordinary case, and the ways to need or not to need a key.

use axum::http::StatusCode;
use idem_core::fingerprint::CanonicalJson;
use idem_core::idempotent;

use crate::account::Account;
use crate::object::Object;
use crate::paid::{Paid, Ran};
use crate::run::Run;

#[idempotent]
pub(crate) async fn create(_: Account, run: Run, Object(body): Object) -> Paid {
    run.paid(run.begin().await, StatusCode::CREATED, body)
}

#[idempotent]
pub(crate) async fn change(_: Account, run: Run, Object(body): Object) -> Paid {
    run.paid(run.begin().await, StatusCode::OK, body)
}

#[idempotent(optional)]
pub(crate) async fn optional(_: Account, run: Run, Object(body): Object) -> Paid {
    run.paid(run.begin().await, StatusCode::CREATED, body)
}

#[idempotent(fingerprint = CanonicalJson::new(body.get()).ignoring("ts"))]
pub(crate) async fn canonical(_: Account, run: Run, Object(body): Object) -> Paid {
    run.paid(run.begin().await, StatusCode::CREATED, body)
}

/// No idem: runs each time.
pub(crate) async fn unprotected(run: Run) -> Ran {
    Ran { run: run.begin().await }
}
