use idem_core::idempotent;

#[idempotent(on_error = OnError::Store)]
async fn pay() {}

fn main() {}
