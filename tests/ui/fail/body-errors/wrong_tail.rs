use axum::Json;
use idem_core::idempotent;

#[idempotent]
async fn pay(Json(amount): Json<u64>) -> Json<u64> {
    let doubled = amount * 2;
    doubled
}

fn main() {}
