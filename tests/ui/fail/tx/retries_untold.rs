use axum::response::{IntoResponse, Response};
use idem_core::idempotent;
use idem_core::tx::PgTx;

/// As in axum's example of `anyhow`.
struct AppError(Box<str>);

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        self.0.into_string().into_response()
    }
}

#[idempotent(tx_retries = 3)]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> Result<String, AppError> {
    Ok("paid".to_owned())
}

#[idempotent(tx_retries = 3)]
async fn refund(#[tx] _tx: &mut PgTx<'_>) -> Result<String, Response> {
    Ok("paid".to_owned())
}

fn main() {}
