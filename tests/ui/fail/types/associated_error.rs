// What stands for `B::Error` may be `Ambiguous<_>`.

use idem_core::{Idem, Refused, idempotent};

trait Bank {
    type Error: From<Refused>;
}

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay<B: Bank>(idem: &Idem, order: u64) -> Result<u64, B::Error> {
    Ok(order)
}

fn main() {}
