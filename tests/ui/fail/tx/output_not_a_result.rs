use idem_core::store::postgres::PostgresStore;
use idem_core::tx::PgTx;
use idem_core::{Idem, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay(idem: &Idem<PostgresStore>, order: u64, #[tx] _tx: &mut PgTx<'_>) -> u64 {
    order
}

fn main() {}
