use idem_core::store::postgres::PostgresStore;
use idem_core::tx::PgTx;
use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay", tx_retries = 3, on_error = unknown)]
async fn pay(idem: &Idem<PostgresStore>, order: u64, #[tx] _tx: &mut PgTx<'_>) -> Result<u64, Refused> {
    let _ = idem;
    Ok(order)
}

fn main() {}
