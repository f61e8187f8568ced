use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[cfg(unix)] #[tx] _tx: &mut PgTx<'_>) -> &'static str {
    "paid"
}

fn main() {}
