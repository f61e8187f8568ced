use idem_core::idempotent;

#[idempotent(wait = std::time::Duration::from_secs(5))]
async fn pay() {}

fn main() {}
