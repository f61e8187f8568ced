use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order)]
async fn settle_order(idem: &Idem, order: u64) -> Result<u64, Refused> {
    Ok(order)
}

fn main() {}
