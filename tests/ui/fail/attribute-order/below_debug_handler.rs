// `#[debug_handler]` checks the signature that it sees: `#[idempotent]` stands above it.

use axum::Json;
use idem_core::idempotent;

#[axum::debug_handler]
#[idempotent]
async fn pay(Json(amount): Json<u64>) -> Json<u64> {
    Json(amount)
}

fn main() {}
