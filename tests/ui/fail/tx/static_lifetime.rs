use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[tx] _tx: &mut PgTx<'static>) -> &'static str {
    "paid"
}

fn main() {}
