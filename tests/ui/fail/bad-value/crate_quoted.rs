use idem_core::idempotent;

#[idempotent(crate = "::idem_core")]
async fn pay() {}

fn main() {}
