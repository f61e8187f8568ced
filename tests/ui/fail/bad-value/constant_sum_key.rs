use idem_core::idempotent;

#[idempotent(key = 1 + 1)]
async fn pay() {}

fn main() {}
