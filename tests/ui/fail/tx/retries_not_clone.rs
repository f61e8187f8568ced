use axum::Json;
use idem_core::idempotent;
use idem_core::tx::PgTx;

#[derive(serde::Deserialize)]
struct Order {
    id: i64,
}

#[idempotent(tx_retries = 3)]
async fn pay(#[tx] tx: &mut PgTx<'_>, Json(order): Json<Order>) -> &'static str {
    sqlx::query("INSERT INTO payment VALUES ($1)").bind(order.id).execute(&mut **tx).await.unwrap();
    "paid"
}

fn main() {}
