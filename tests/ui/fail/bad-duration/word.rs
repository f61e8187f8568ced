use idem_core::idempotent;

#[idempotent(ttl = "forever")]
async fn pay() {}

fn main() {}
