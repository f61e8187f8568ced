// `key = (&order, line)` borrows it.

use axum::extract::Path;
use idem_core::idempotent;

#[idempotent(key = (order, line))]
async fn pay(Path((order, line)): Path<(String, u64)>) -> String {
    format!("{order} {line}")
}

fn main() {}
