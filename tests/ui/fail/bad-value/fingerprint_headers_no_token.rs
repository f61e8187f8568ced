use idem_core::idempotent;

#[idempotent(fingerprint_headers = ["x dry run"])]
async fn pay() {}

fn main() {}
