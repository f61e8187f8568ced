use axum::extract::Path;
use idem_core::idempotent;

#[idempotent(key = (order, amount))]
async fn pay(Path((order, amount)): Path<(u64, f64)>) -> String {
    format!("{order} {amount}")
}

fn main() {}
