use std::rc::Rc;

use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent]
async fn pay(#[tx] tx: &mut PgTx<'_>) -> String {
    let total = Rc::new(1);
    sqlx::query("INSERT INTO payment VALUES (1)").execute(&mut **tx).await.unwrap();
    total.to_string()
}

fn main() {}
