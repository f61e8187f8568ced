use idem_core::idempotent;

#[idempotent(on_error = retry)]
async fn pay() {}

fn main() {}
