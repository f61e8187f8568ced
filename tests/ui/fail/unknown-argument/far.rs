use idem_core::idempotent;

#[idempotent(backoff = 3)]
async fn pay() {}

fn main() {}
