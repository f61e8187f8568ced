// `From<Refused>` cannot be written for it here.

use idem_core::{Idem, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay(idem: &Idem, order: u64) -> Result<u64, std::io::Error> {
    Ok(order)
}

fn main() {}
