use idem_core::idempotent;

#[idempotent(lease = "1m30s")]
async fn pay() {}

fn main() {}
