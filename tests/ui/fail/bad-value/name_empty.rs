use idem_core::idempotent;

#[idempotent(name = "")]
async fn pay() {}

fn main() {}
