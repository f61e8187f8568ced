use idem_core::idempotent;

#[idempotent(max_run = 3600)]
async fn pay() {}

fn main() {}
