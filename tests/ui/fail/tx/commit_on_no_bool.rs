use idem_core::idempotent;
use idem_core::tx::PgTx;

#[idempotent(commit_on = |reply| reply.status())]
async fn pay(#[tx] _tx: &mut PgTx<'_>) -> &'static str {
    "paid"
}

fn main() {}
