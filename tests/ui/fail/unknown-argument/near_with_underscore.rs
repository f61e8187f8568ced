use idem_core::idempotent;

#[idempotent(onerror = store)]
async fn pay() {}

fn main() {}
