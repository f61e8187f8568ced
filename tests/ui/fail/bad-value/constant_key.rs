use idem_core::idempotent;

#[idempotent(key = "payments")]
async fn pay() {}

fn main() {}
