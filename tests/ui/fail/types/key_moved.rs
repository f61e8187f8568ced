// The body needs the order: `key = digest(&order)`.

use axum::extract::Path;
use idem_core::idempotent;

fn digest(order: String) -> usize {
    order.len()
}

#[idempotent(key = digest(order))]
async fn pay(Path(order): Path<String>) -> String {
    order
}

fn main() {}
