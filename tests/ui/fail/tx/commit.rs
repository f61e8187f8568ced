use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[tx] tx: &mut PgTx<'_>) -> &'static str {
    tx.commit().await.unwrap();
    "paid"
}

fn main() {}
