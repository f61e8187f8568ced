use axum::extract::State;
use idem_core::idempotent;
use idem_core::store::postgres::PostgresStore;
use idem_core::tx::{HasStore, MySqlTx};

#[derive(Clone)]
struct App;

impl HasStore for App {
    type Store = PostgresStore;
}

#[idempotent]
async fn pay(State(_app): State<App>, #[tx] _tx: &mut MySqlTx<'_>) -> &'static str {
    "paid"
}

fn main() {}
