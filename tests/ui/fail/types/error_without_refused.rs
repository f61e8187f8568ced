use idem_core::{Idem, idempotent};

enum SettleError {
    Declined,
}

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64) -> Result<u64, SettleError> {
    if order == 0 { Err(SettleError::Declined) } else { Ok(order) }
}

fn main() {}
