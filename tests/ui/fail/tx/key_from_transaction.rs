use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(key = tx.id)]
async fn pay(#[tx] tx: &mut PgTx<'_>) -> &'static str {
    sqlx::query("INSERT INTO payment VALUES (1)").execute(&mut **tx).await.unwrap();
    "paid"
}

fn main() {}
