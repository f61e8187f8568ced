use idem_core::idempotent;

#[idempotent(ttl = "1h", name = "payments", ttl = "2h")]
async fn pay() {}

fn main() {}
