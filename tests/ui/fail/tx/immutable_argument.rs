use axum::extract::Path;
use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(tx_retries = 2)]
async fn pay(Path(order): Path<String>, #[tx] _tx: &mut PgTx<'_>) -> String {
    order.push('!');
    order
}

fn main() {}
