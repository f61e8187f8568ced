use idem_core::idempotent;
use idem_core::tx::{MySqlTx, PgTx};

#[idempotent]
async fn pay(#[tx] _one: &mut PgTx<'_>, #[tx] _two: &mut MySqlTx<'_>) -> &'static str {
    "paid"
}

fn main() {}
