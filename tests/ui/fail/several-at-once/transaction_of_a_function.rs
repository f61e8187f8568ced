// One mistake: its callers pass no transaction.

use idem_core::store::sqlite::SqliteStore;
use idem_core::tx::SqliteTx;
use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, isolation = serializable)]
async fn pay(idem: &Idem<SqliteStore>, order: u64, #[tx] tx: &mut SqliteTx<'_>) -> Result<u64, Refused> {
    sqlx::query("INSERT INTO payment VALUES (1)").execute(&mut **tx).await.unwrap();
    Ok(order)
}

async fn call(idem: &Idem<SqliteStore>) {
    drop(pay(idem, 1).await);
}

fn main() {
    drop(call);
}
