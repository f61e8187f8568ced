use idem_core::idempotent;

#[idempotent(ttl = "24")]
async fn pay() {}

fn main() {}
