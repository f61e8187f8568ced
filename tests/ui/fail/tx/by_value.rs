use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[tx] tx: PgTx<'_>) -> &'static str {
    drop(tx);
    "paid"
}

fn main() {}
