// `#[debug_handler]` checks the signature that it sees: `#[idempotent]` stands above it.

use idem_core::idempotent;
use idem_core::tx::PgTx;

#[axum::debug_handler]
#[idempotent]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> &'static str {
    "paid"
}

fn main() {}
