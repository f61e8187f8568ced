use axum::extract::Path;
use idem_core::idempotent;

#[idempotent(key = order, key = (order, line))]
async fn pay(Path((order, line)): Path<(u64, u64)>) -> String {
    format!("{order} {line}")
}

fn main() {}
