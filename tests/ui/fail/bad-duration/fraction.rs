use idem_core::idempotent;

#[idempotent(ttl = "1.5h")]
async fn pay() {}

fn main() {}
