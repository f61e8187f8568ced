//! The ordinary case, and the ways to need or not to need a key.

use axum::http::StatusCode;
use idem_core::fingerprint::CanonicalJson;
use idem_core::idempotent;

use crate::account::Account;
use crate::object::Object;
use crate::paid::{Paid, Ran};
use crate::run::Run;

#[idempotent]
pub(crate) async fn create(account: Account, run: Run, body: Object) -> Paid {
    bare::create(account, run, body).await
}

#[idempotent]
pub(crate) async fn change(account: Account, run: Run, body: Object) -> Paid {
    bare::change(account, run, body).await
}

#[idempotent(optional)]
pub(crate) async fn optional(account: Account, run: Run, body: Object) -> Paid {
    bare::optional(account, run, body).await
}

#[idempotent(fingerprint = CanonicalJson::new(body.get()).ignoring("ts"))]
pub(crate) async fn canonical(account: Account, run: Run, Object(body): Object) -> Paid {
    bare::canonical(account, run, Object(body)).await
}

/// No idem: runs each time.
pub(crate) async fn unprotected(run: Run) -> Ran {
    Ran { run: run.begin().await }
}

/// The same without the attribute.
pub(crate) mod bare {
    use super::{Account, Object, Paid, Run, StatusCode};

    pub(crate) async fn create(_: Account, run: Run, Object(body): Object) -> Paid {
        run.paid(run.begin().await, StatusCode::CREATED, body)
    }

    pub(crate) async fn change(_: Account, run: Run, Object(body): Object) -> Paid {
        run.paid(run.begin().await, StatusCode::OK, body)
    }

    pub(crate) async fn optional(_: Account, run: Run, Object(body): Object) -> Paid {
        run.paid(run.begin().await, StatusCode::CREATED, body)
    }

    pub(crate) async fn canonical(_: Account, run: Run, Object(body): Object) -> Paid {
        run.paid(run.begin().await, StatusCode::CREATED, body)
    }
}
