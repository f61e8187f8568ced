use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[tx] tx: &mut PgTx<'_>) -> &'static str {
    sqlx::query("INSERT INTO payment VALUES (1)").execute(tx).await.unwrap();
    "paid"
}

fn main() {}
