use idem_core::idempotent;

#[idempotent(fingerprint_headers = [DRY_RUN])]
async fn pay() {}

fn main() {}
