use idem_core::idempotent;

#[idempotent(ttl = "24 hours")]
async fn pay() {}

fn main() {}
