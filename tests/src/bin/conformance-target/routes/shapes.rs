//! Answers of unusual shape: bytes that are no text, no body at all, a redirect.

use axum::http::{HeaderName, StatusCode, header};
use idem_core::idempotent;

use crate::account::Account;
use crate::run::Run;

#[idempotent]
pub(crate) async fn bytes(account: Account, run: Run) -> ([(HeaderName, &'static str); 1], Vec<u8>) {
    bare::bytes(account, run).await
}

#[idempotent]
pub(crate) async fn empty(account: Account, run: Run) -> StatusCode {
    bare::empty(account, run).await
}

#[idempotent]
pub(crate) async fn see_other(account: Account, run: Run) -> (StatusCode, [(HeaderName, String); 1]) {
    bare::see_other(account, run).await
}

/// The same without the attribute.
pub(crate) mod bare {
    use super::{Account, HeaderName, Run, StatusCode, header};

    pub(crate) async fn bytes(_: Account, run: Run) -> ([(HeaderName, &'static str); 1], Vec<u8>) {
        run.begin().await;
        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        ([(header::CONTENT_TYPE, "application/octet-stream")], every_byte)
    }

    pub(crate) async fn empty(_: Account, run: Run) -> StatusCode {
        run.begin().await;
        StatusCode::NO_CONTENT
    }

    pub(crate) async fn see_other(_: Account, run: Run) -> (StatusCode, [(HeaderName, String); 1]) {
        let run = run.begin().await;
        (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/payments/{run}"))])
    }
}
