use std::sync::Arc;

use idem_core::store::postgres::PostgresStore;
use idem_core::tx::MySqlTx;
use idem_core::{Idem, Refused, idempotent};

#[idempotent(with = idem, key = order, name = "pay", detach)]
async fn pay(idem: Arc<Idem<PostgresStore>>, order: u64, #[tx] _tx: &mut MySqlTx<'_>) -> Result<u64, Refused> {
    Ok(order)
}

fn main() {}
