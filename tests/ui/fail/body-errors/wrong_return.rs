use axum::Json;
use idem_core::idempotent;

#[idempotent]
async fn pay(Json(amount): Json<u64>) -> Json<u64> {
    if amount == 0 {
        return "nothing to pay";
    }
    Json(amount)
}

fn main() {}
