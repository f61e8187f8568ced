use axum::Json;
use idem_core::idempotent;

#[idempotent]
async fn pay(Json(amount): Json<u64>) -> Json<u64> {
    Json(amuont)
}

fn main() {}
