use idem_core::idempotent;

#[idempotent(on_error = stored)]
async fn pay() {}

fn main() {}
