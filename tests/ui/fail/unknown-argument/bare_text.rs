use idem_core::idempotent;

#[idempotent("payments")]
async fn pay() {}

fn main() {}
