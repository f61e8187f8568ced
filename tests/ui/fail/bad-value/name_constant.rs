use idem_core::idempotent;

const NAME: &str = "payments";

#[idempotent(name = NAME)]
async fn pay() {}

fn main() {}
