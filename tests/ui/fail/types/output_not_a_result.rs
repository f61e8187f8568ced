use idem_core::{Idem, idempotent};

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64) -> Option<u64> {
    Some(order)
}

fn main() {}
