// A transaction is handed out under `#[tx]`.

use axum::http::StatusCode;
use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn transfer(tx: &mut PgTx<'_>) -> StatusCode {
    let _ = tx;
    StatusCode::CREATED
}

fn main() {}
