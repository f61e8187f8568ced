use idem_core::idempotent;
use sqlx::PgPool;

#[idempotent]
async fn pay(#[tx] pool: &mut PgPool) -> String {
    format!("{} connections", pool.size())
}

fn main() {}
