use idem_core::idempotent;

#[idempotent(ttl = "1h")]
#[idempotent(name = "payments")]
async fn pay() {}

fn main() {}
