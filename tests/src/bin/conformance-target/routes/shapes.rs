//! Answers of unusual shape: bytes that are no text, no body at all, a redirect.

use axum::http::{HeaderName, StatusCode, header};
use idem_core::idempotent;

use crate::account::Account;
use crate::run::Run;

#[idempotent]
pub(crate) async fn bytes(_: Account, run: Run) -> ([(HeaderName, &'static str); 1], Vec<u8>) {
    run.begin().await;
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    ([(header::CONTENT_TYPE, "application/octet-stream")], every_byte)
}

#[idempotent]
pub(crate) async fn empty(_: Account, run: Run) -> StatusCode {
    run.begin().await;
    StatusCode::NO_CONTENT
}

#[idempotent]
pub(crate) async fn see_other(_: Account, run: Run) -> (StatusCode, [(HeaderName, String); 1]) {
    let run = run.begin().await;
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("/payments/{run}"))])
}
