use axum::response::IntoResponse;
use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(tx_retries = 3)]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> Result<String, impl IntoResponse> {
    Err("not paid")
}

fn main() {}
