use idem_core::idempotent;

#[idempotent(ttl = "1h" wait = "5s")]
async fn pay() {}

fn main() {}
