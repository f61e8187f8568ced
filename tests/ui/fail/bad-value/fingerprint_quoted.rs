use idem_core::idempotent;

struct Order;

#[idempotent(fingerprint = "order.amount")]
async fn pay(order: Order) {
    drop(order);
}

fn main() {}
