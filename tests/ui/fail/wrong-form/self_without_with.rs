use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem,
}

impl Ledger {
    #[idempotent(key = order, name = "settle")]
    async fn settle(&self, order: u64) -> Result<u64, Refused> {
        Ok(order)
    }
}

fn main() {}
