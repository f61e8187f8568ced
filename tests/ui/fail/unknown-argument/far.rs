use idem_core::idempotent;

#[idempotent(retries = 3)]
async fn pay() {}

fn main() {}
