use idem_core::idempotent;

#[idempotent(= "1h")]
async fn pay() {}

fn main() {}
