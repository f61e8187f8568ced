use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "settle", detach)]
    async fn settle(&self, order: u64) -> Result<u64, Refused> {
        Ok(order)
    }
}

fn main() {}
