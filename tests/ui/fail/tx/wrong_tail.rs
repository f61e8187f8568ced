use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(tx_retries = 2)]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> Result<String, idem_core::Refused> {
    "paid"
}

fn main() {}
