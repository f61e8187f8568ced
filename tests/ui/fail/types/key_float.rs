use axum::Json;
use idem_core::idempotent;

#[idempotent(key = amount)]
async fn pay(Json(amount): Json<f64>) -> Json<f64> {
    Json(amount)
}

fn main() {}
