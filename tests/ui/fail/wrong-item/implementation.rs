use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem,
}

#[idempotent(with = self.idem, key = order, name = "settle")]
impl Ledger {
    async fn settle(&self, order: u64) -> Result<u64, Refused> {
        Ok(order)
    }
}

fn main() {}
