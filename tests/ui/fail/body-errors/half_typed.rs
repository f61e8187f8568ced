use axum::extract::State;
use idem_core::idempotent;

#[derive(Clone)]
struct App {
    orders: u64,
}

#[idempotent]
async fn pay(State(app): State<App>) -> String {
    let orders = app.orders;
    format!("{orders} {}", orders.)
}

fn main() {}
