use idem_core::idempotent;

#[idempotent]
const async fn pay() {}

fn main() {}
