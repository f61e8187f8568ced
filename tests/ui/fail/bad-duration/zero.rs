use idem_core::idempotent;

#[idempotent(lease = "0s")]
async fn pay() {}

fn main() {}
