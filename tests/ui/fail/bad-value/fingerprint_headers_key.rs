use idem_core::idempotent;

#[idempotent(fingerprint_headers = ["idempotency-key"])]
async fn pay() {}

fn main() {}
