use idem_core::idempotent;

#[idempotent(optional = true)]
async fn pay() {}

fn main() {}
