use axum::Json;
use idem_core::idempotent;

#[idempotent]
async fn pay(#[tx] transaction: (), Json(amount): Json<u64>) -> Json<u64> {
    drop(transaction);
    Json(amount)
}

fn main() {}
