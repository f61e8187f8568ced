use idem_core::idempotent;

#[idempotent(detach)]
async fn pay() {}

fn main() {}
