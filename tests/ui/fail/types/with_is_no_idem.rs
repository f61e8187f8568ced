use idem_core::{Refused, idempotent};

struct Ledger {
    accounts: Vec<u64>,
}

impl Ledger {
    #[idempotent(with = self.accounts, key = order, name = "settle")]
    async fn settle(&self, order: u64) -> Result<u64, Refused> {
        Ok(order)
    }
}

fn main() {}
