use axum::extract::Request;
use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(tx_retries = 3, fingerprint = ())]
async fn pay(#[tx] tx: &mut PgTx<'_>, request: Request) -> &'static str {
    sqlx::query("INSERT INTO payment VALUES ($1)").bind(request.uri().path()).execute(&mut **tx).await.unwrap();
    "paid"
}

fn main() {}
