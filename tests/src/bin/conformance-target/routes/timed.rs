//! Handlers that take their time.

use std::time::Duration;

use axum::extract::Query;
use axum::http::StatusCode;
use idem_core::idempotent;
use serde::Deserialize;

use crate::account::Account;
use crate::object::Object;
use crate::paid::Paid;
use crate::run::Run;

#[derive(Debug, Deserialize)]
pub(crate) struct Nap {
    ms: u64,
}

impl Nap {
    async fn take(&self) {
        tokio::time::sleep(Duration::from_millis(self.ms)).await;
    }
}

#[idempotent]
pub(crate) async fn slow(account: Account, run: Run, nap: Query<Nap>, body: Object) -> Paid {
    bare::slow(account, run, nap, body).await
}

#[idempotent(wait = "5s")]
pub(crate) async fn wait(account: Account, run: Run, nap: Query<Nap>, body: Object) -> Paid {
    bare::wait(account, run, nap, body).await
}

/// The same without the attribute.
pub(crate) mod bare {
    use super::{Account, Nap, Object, Paid, Query, Run, StatusCode};

    pub(crate) async fn slow(_: Account, run: Run, Query(nap): Query<Nap>, Object(body): Object) -> Paid {
        let number = run.begin().await;
        nap.take().await;
        run.paid(number, StatusCode::CREATED, body)
    }

    pub(crate) async fn wait(_: Account, run: Run, Query(nap): Query<Nap>, Object(body): Object) -> Paid {
        let number = run.begin().await;
        nap.take().await;
        run.paid(number, StatusCode::CREATED, body)
    }
}
