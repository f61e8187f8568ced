use idem_core::idempotent;

#[idempotent(optional, ttl = "1h", optional)]
async fn pay() {}

fn main() {}
