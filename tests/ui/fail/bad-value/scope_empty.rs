use idem_core::idempotent;

#[idempotent(scope = "")]
async fn pay() {}

fn main() {}
