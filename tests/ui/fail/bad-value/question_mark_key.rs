// A handler has not begun yet when its key is taken.

use axum::extract::Path;
use idem_core::idempotent;

#[idempotent(key = order.parse::<u64>().ok()?, name = "pay")]
async fn pay(Path(order): Path<String>) -> Option<String> {
    Some(order)
}

fn main() {}
