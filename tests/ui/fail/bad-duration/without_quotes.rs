use idem_core::idempotent;

#[idempotent(ttl = 24h)]
async fn pay() {}

fn main() {}
