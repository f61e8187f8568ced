use idem_core::idempotent;

#[idempotent(ttl = "24", nmae = "payments", on_error = keep)]
async fn pay() {}

fn main() {}
