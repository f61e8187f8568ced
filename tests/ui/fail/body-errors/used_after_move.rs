use axum::extract::Path;
use idem_core::idempotent;

#[idempotent]
async fn pay(Path(order): Path<String>) -> String {
    drop(order);
    order
}

fn main() {}
