// A function that is no handler names its `Idem`: its arguments are no extractors.

use idem_core::{Idem, Refused, idempotent};

#[idempotent(key = order, name = "charge")]
async fn charge(idem: &Idem, order: u64) -> Result<u64, Refused> {
    let _ = idem;
    Ok(order)
}

fn main() {}
