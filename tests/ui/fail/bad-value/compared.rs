// One `=`.

use axum::extract::Path;
use idem_core::idempotent;

#[idempotent(key == order, name = "pay")]
async fn pay(Path(order): Path<String>) -> String {
    order
}

fn main() {}
