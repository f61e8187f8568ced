use idem_core::idempotent;

#[idempotent(ttl("1h"))]
async fn pay() {}

fn main() {}
