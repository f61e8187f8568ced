use idem_core::store::postgres::PostgresStore;
use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem<PostgresStore>,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "pay")]
    async fn pay(#[tx] &self, order: u64) -> Result<u64, Refused> {
        let _ = &self.idem;
        Ok(order)
    }
}

fn main() {}
