use idem_core::idempotent;

#[idempotent(fingerprint_headers = [])]
async fn pay() {}

fn main() {}
