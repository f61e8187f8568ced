use idem_core::idempotent;

#[idempotent(name = "all payments")]
async fn pay() {}

fn main() {}
