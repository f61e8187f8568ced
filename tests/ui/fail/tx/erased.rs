use idem_core::tx::PgTx;
use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay")]
async fn pay(idem: &Idem, order: u64, #[tx] _tx: &mut PgTx<'_>) -> Result<u64, Refused> {
    Ok(order)
}

fn main() {}
