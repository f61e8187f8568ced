use idem_core::{Idem, Refused, idempotent};
use serde::Serialize;

#[idempotent(with = idem, key = order, name = "settle")]
async fn settle(idem: &Idem, order: u64) -> Result<impl Serialize, Refused> {
    Ok(order)
}

fn main() {}
