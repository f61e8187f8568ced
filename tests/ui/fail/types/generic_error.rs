// What stands for `E` may be `Ambiguous<_>`.

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay<E: From<Refused>>(idem: &Idem, order: u64) -> Result<u64, E> {
    Ok(order)
}

fn main() {}
