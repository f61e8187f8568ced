use idem_core::store::memory::MemoryStore;
use idem_core::tx::PgTx;
use idem_core::{Idem, Refused, idempotent};

struct Ledger {
    idem: Idem<MemoryStore>,
}

impl Ledger {
    #[idempotent(with = self.idem, key = order, name = "pay")]
    async fn pay(&self, order: u64, #[tx] _tx: &mut PgTx<'_>) -> Result<u64, Refused> {
        Ok(order)
    }
}

fn main() {}
