use idem_core::{Idem, Refused, idempotent};

struct Order {
    id: u64,
}

#[idempotent(with = idem, key = order.number, name = "settle")]
async fn settle(idem: &Idem, order: Order) -> Result<u64, Refused> {
    Ok(order.id)
}

fn main() {}
