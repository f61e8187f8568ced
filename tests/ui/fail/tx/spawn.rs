use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[tx] tx: &mut PgTx<'_>) -> &'static str {
    tokio::spawn(async move {
        sqlx::query("INSERT INTO payment VALUES (1)").execute(&mut **tx).await
    });
    "paid"
}

fn main() {}
