use idem_core::idempotent;

#[idempotent(store_if = true)]
async fn pay() {}

fn main() {}
