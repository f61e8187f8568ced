use std::rc::Rc;

use idem_core::idempotent;

#[idempotent]
async fn pay() -> String {
    let total = Rc::new(1);
    tokio::task::yield_now().await;
    total.to_string()
}

fn main() {}
