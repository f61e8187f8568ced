use axum::extract::Path;
use idem_core::idempotent;

#[idempotent]
async fn pay(Path(order): Path<String>) -> String {
    order.push('!');
    order
}

fn main() {}
