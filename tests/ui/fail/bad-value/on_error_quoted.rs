use idem_core::idempotent;

#[idempotent(on_error = "store")]
async fn pay() {}

fn main() {}
