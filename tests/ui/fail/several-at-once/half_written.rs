// The name is not written yet, and the compiler already knows the types in the key: an editor completes them.

use idem_core::{Idem, Refused, idempotent};

struct Order {
    id: u64,
}

#[idempotent(with = idem, key = order.idd)]
async fn pay(idem: &Idem, order: Order) -> Result<u64, Refused> {
    Ok(order.id)
}

fn main() {
    drop(pay);
}
