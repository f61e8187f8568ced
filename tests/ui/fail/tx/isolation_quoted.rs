use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(isolation = "serializable")]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> &'static str {
    "paid"
}

fn main() {}
