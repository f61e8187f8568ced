// Later calls read the value back.

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay<'a>(idem: &Idem, order: &'a str) -> Result<&'a str, Refused> {
    Ok(order)
}

fn main() {}
