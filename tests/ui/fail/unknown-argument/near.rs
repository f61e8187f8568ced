use idem_core::idempotent;

#[idempotent(tll = "1h")]
async fn pay() {}

fn main() {}
