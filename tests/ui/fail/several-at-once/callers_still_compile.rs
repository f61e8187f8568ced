// The function stays as it was written: nothing is said about `main`.

use idem_core::store::memory::MemoryStore;
use idem_core::{Idem, Refused, Scope, idempotent};

#[idempotent(with = idem, key = order, nmae = "settle", ttl = "1")]
async fn settle(idem: &Idem, order: u64) -> Result<u64, Refused> {
    drop(idem.clone());
    Ok(order)
}

#[tokio::main]
async fn main() {
    let idem = Idem::builder(MemoryStore::new()).scope(Scope::public()).build().erase();
    assert_eq!(settle(&idem, 1).await, Ok(1));
}
