use idem_core::idempotent;

#[idempotent(fingerprint_headers = ["X-Dry-Run"])]
async fn pay() {}

fn main() {}
