use idem_core::idempotent;

#[idempotent(key = format!("payments"))]
async fn pay() {}

fn main() {}
