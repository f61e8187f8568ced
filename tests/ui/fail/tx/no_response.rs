use idem_core::idempotent;
use idem_core::tx::PgTx;

struct Receipt;

#[idempotent]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> Receipt {
    Receipt
}

fn main() {}
