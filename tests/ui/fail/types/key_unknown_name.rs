use axum::extract::Path;
use idem_core::idempotent;

#[idempotent(key = invoice)]
async fn pay(Path(order): Path<u64>) -> String {
    order.to_string()
}

fn main() {}
