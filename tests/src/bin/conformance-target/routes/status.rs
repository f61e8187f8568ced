//! Any status, and a panic.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use idem_core::idempotent;
use serde::Deserialize;

use crate::account::Account;
use crate::paid::Ran;
use crate::run::Run;

/// The status of a final response.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
pub(crate) struct Final(StatusCode);

impl TryFrom<u16> for Final {
    type Error = &'static str;

    fn try_from(code: u16) -> Result<Self, &'static str> {
        let status = StatusCode::from_u16(code).ok().filter(|status| !status.is_informational());
        status.map(Self).ok_or("not the status of a final response")
    }
}

#[idempotent]
pub(crate) async fn status(account: Account, run: Run, status: Path<Final>) -> Response {
    bare::status(account, run, status).await
}

#[idempotent]
pub(crate) async fn panics(account: Account, run: Run) -> StatusCode {
    bare::panics(account, run).await
}

/// The same without the attribute.
pub(crate) mod bare {
    use super::{Account, Final, IntoResponse, Path, Ran, Response, Run, StatusCode};

    pub(crate) async fn status(_: Account, run: Run, Path(Final(status)): Path<Final>) -> Response {
        let run = run.begin().await;
        match status {
            // These carry no content (RFC 9110 §15.3.5, §15.3.6, §15.4.5).
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
                status.into_response()
            }
            _ => (status, Ran { run }).into_response(),
        }
    }

    pub(crate) async fn panics(_: Account, run: Run) -> StatusCode {
        let run = run.begin().await;
        panic!("run {run} panics, as it was asked to")
    }
}
