use idem_core::idempotent;

#[idempotent(store_if = |response| response.status())]
async fn pay() {}

fn main() {}
