use idem_core::idempotent;

#[idempotent(key = ("payments", 1))]
async fn pay() {}

fn main() {}
