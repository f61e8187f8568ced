use idem_core as once;

#[once::idempotent(crate = once)]
async fn pay() {}

fn main() {}
