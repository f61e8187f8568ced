use idem_core::idempotent;

#[idempotent(lease = "1h", ttl = "30m")]
async fn pay() {}

#[idempotent(ttl = "1d", max_run = "10s", lease = "11s")]
async fn ship() {}

fn main() {}
