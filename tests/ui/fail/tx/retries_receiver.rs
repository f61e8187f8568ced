use idem_core::store::postgres::PostgresStore;
use idem_core::tx::PgTx;
use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem<PostgresStore>,
    sum: u64,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "pay", tx_retries = 3)]
    async fn pay(&mut self, order: u64, #[tx] _tx: &mut PgTx<'_>) -> Result<u64, Refused> {
        self.sum += order;
        Ok(self.sum)
    }
}

fn main() {}
