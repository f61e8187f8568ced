use idem_core::idempotent;

#[idempotent(ttl = "4000d")]
async fn pay() {}

fn main() {}
