use idem_core::{Idem, Refused, idempotent};

struct Receipt {
    total: u64,
}

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64) -> Result<Receipt, Refused> {
    Ok(Receipt { total: order })
}

fn main() {}
