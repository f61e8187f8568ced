use idem_core::idempotent;

#[idempotent(ttl)]
async fn pay() {}

fn main() {}
