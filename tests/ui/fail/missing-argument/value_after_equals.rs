use idem_core::idempotent;

#[idempotent(scope = , ttl = "1h")]
async fn pay() {}

fn main() {}
