// `Unpin` does not say what stands for `E`.

use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay<E: From<Refused> + Unpin>(idem: &Idem, order: u64) -> Result<u64, E> {
    Ok(order)
}

fn main() {}
