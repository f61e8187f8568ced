use axum::Json;
use idem_core::idempotent;

#[idempotent(lease = "0s", optional = true)]
fn pay(Json(amount): Json<u64>) -> Json<u64> {
    Json(amount)
}

fn main() {}
